// Which jails there are: registering, finding, unregistering. The kernel's tables are the truth; RUN/NAME/spec keeps
// what the kernel cannot know. Every function that changes something takes the jail's name lock itself and first clears
// what a killed process of ours left behind.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "model/spec.h"
#include "secmodel/tables.h"
#include "sys/lock.h"

#include <string_view>
#include <vector>

namespace jails {

// Held by whoever changes the kernel's tables.
Result<sys::FileLock> instance_lock(const Instance &instance);

// Held by one operation on one name at a time; its file goes away with it.
class NameLock {
public:
  static Result<NameLock> acquire(const Instance &instance, const JailName &name);
  NameLock(NameLock &&) = default;
  NameLock &operator=(NameLock &&) = delete;
  ~NameLock() {
    if (held_) lock_.remove_file();
  }

private:
  explicit NameLock(sys::FileLock lock) : lock_(std::move(lock)) {}
  sys::FileLock lock_;
  struct Flag {
    bool value = true;
    Flag() = default;
    Flag(Flag &&other) noexcept : value(std::exchange(other.value, false)) {}
    explicit operator bool() const { return value; }
  } held_;
};

// Registers a jail: root checked, ports claimed, no process. Exists: the name, or a port ("port 8080 is reserved by
// jail db", "port 8080 is in use by nginx (pid 12)"). What a killed `run` left under the name goes away. keep_spec:
// supervise and exec can start it later; a transient jail needs none.
Result<Jid> register_jail(const Instance &instance, const Spec &spec, const NameLock &, bool keep_spec = true);

// Ends what a supervisor that was killed left of this jail (processes, cgroups, membership). Nothing to do is no error.
// why: for the journal, where the caller killed it.
Status recover_jail(const Instance &instance, const JailRow &row, const NameLock &, const std::string &why = {});

// Unregisters. The caller knows that nothing of it runs.
Status unregister_jail(const Instance &instance, const JailRow &row, const NameLock &);

// What it was registered with.
Result<Spec> registered_spec(const Instance &instance, const JailName &name);

// Other limits in what it was registered with; nothing for a transient jail, which has nothing that could be rewritten.
Status register_limits(const Instance &instance, const JailName &name, const Limits &limits, const NameLock &);
// What is in force while it runs (its supervisor was started with it); else as registered. NotFound: a transient jail
// whose supervisor is not that far yet.
Result<Spec> spec_in_force(const Instance &instance, const JailName &name);

// Is a supervisor alive? (It holds a lock for as long as it lives.)
bool is_running(const Instance &instance, const JailName &name);

// The jail with this name or jid, and all of them. Need no lock.
Result<JailRow> find_jail(const Instance &instance, std::string_view name_or_jid);
Result<std::vector<JailRow>> list_jails(const Instance &instance);

} // namespace jails
