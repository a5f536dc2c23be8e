// One check: what is tried, by whom, and what became of it. A check is a function that makes its acts through a Trial,
// and is run up to three times: outside as the control, in the jail as root, in the jail as uid 1000. An act that is
// refused outside as well shows nothing.
#pragma once

#include "model/ids.h"
#include "model/permissions.h"
#include "secmodel/tables.h"
#include "verify/probe.h"
#include "verify/report.h"

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails::verify {

enum class Identity : uint8_t { Control, Root, User };

// Whom the acts are aimed at. The control has targets of its own.
struct Target {
  std::string label; // "a host process of uid 1000"
  pid_t pid = 0;
  uint64_t address = 0; // a word of its memory; 0: none is known
};
struct Targets {
  std::vector<Target> processes;           // may be harmed
  std::vector<Target> bystanders;          // may not: only acts without effect
  std::vector<std::string> abstract_names; // stream, seqpacket, dgram, in turn
  std::string file;                        // of the host
  uint64_t device = 0, inode = 0;          // of that file
  int key = 0;                             // serial of a key of the host's root
  uint16_t port = 0;                       // reserved by another jail; 0: there is none
};

// What is the same for every check.
struct Subject {
  JailRow row;
  const Instance &instance;
  uint16_t low_port = 0, high_port = 0;      // nobody's, below 1024 and above
  const std::set<uint16_t> *taken = nullptr; // ports that other jails reserved

  PermissionSet permissions = 0; // in force

  [[nodiscard]] uint32_t profile() const { return static_cast<uint32_t>(row.profile); }
};

struct Check;

class Trial {
public:
  Trial(const Check &check, const Subject &subject) : check_(check), subject_(subject) {}
  void as(Identity identity, Probe &probe, const Targets &targets) {
    identity_ = identity;
    probe_ = &probe;
    targets_ = &targets;
  }

  [[nodiscard]] const Check &check() const { return check_; }
  [[nodiscard]] const Subject &subject() const { return subject_; }
  [[nodiscard]] Identity identity() const { return identity_; }
  [[nodiscard]] bool control() const { return identity_ == Identity::Control; }
  [[nodiscard]] Probe &probe() const { return *probe_; }
  [[nodiscard]] const Targets &targets() const { return *targets_; }

  // `rc` is what a system call returned: it must be one of these errors, in every profile. `on` tells the targets of
  // one act apart.
  void refused(std::string_view act, long rc, std::initializer_list<int> errors, std::string_view on = {});
  // Makes the call; what must come of it is what the policy's table says (abi/syscall_policy.h). `always`: refused
  // whatever the table says of the profile; a permission that was granted may open it.
  void call(std::string_view act, uint32_t number, const uint64_t (&arguments)[6], bool always = false);
  // By a rule that is not the filter's.
  void judged(std::string_view act, bool past, bool allowed = false, std::string_view how = {});
  // Something on the host is not as it was. Comes first in the row: nothing in the jail can make it up or take it back.
  void disturbed(std::string_view what);
  // A child for what changes the caller could not be made.
  void no_child() { blocked("no child could be made there (a limit of processes?)"); }
  // It cannot be tried here, and why. Never because of what the jail does.
  void skip(std::string reason) { skip_ = std::move(reason); }

  [[nodiscard]] bool breached() const { return !breaches_.empty(); }
  [[nodiscard]] Row row() const;

private:
  struct Act {
    bool allowed = false;
    bool control_tried = false, control_reached = false;
    std::string control_error;
    size_t refused = 0, past = 0;
  };
  // Fails closed: the jail could see to it.
  void blocked(std::string_view why);
  void record(std::string_view act, std::string_view on, bool past, bool allowed, const std::string &how);
  [[nodiscard]] std::string expected() const;
  [[nodiscard]] std::string not_shown() const;

  const Check &check_;
  const Subject &subject_;
  Identity identity_ = Identity::Root;
  Probe *probe_ = nullptr;
  const Targets *targets_ = nullptr;
  std::map<std::string, Act, std::less<>> acts_;
  std::vector<std::string> order_; // of acts_
  std::vector<std::string> breaches_;
  std::set<std::string> errors_;
  std::string skip_;
};

struct Check {
  const char *id;
  const char *tried;
  void (*run)(Trial &trial);
  const char *no_control; // why it is not tried outside; nullptr: it is
};

// One for each class of probe.
std::span<const Check> process_checks();
std::span<const Check> network_checks();
std::span<const Check> file_checks();
std::span<const Check> call_checks();

} // namespace jails::verify
