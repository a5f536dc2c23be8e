// The events of an instance, in LOG/events: one line each, appended by whoever made it happen, several writers at a
// time. At 1 MiB the file becomes LOG/events.1, and the one before that goes. A jail's last end stands in a file of its
// own besides, LOG/NAME.last, so that no other jail's events can push it out.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "journal/event.h"
#include "model/instance.h"

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace jails::journal {

constexpr uint64_t kTurnOverAt = 1U << 20U; // bytes

std::string events_file(const Instance &instance);
std::string last_file(const Instance &instance, const JailName &name);

// One write(2); the time is filled in where there is none. A full disk loses the event: an error that no caller lets
// stand in the way of what it does. turn_over_at: for tests.
Status append(const Instance &instance, Event event, uint64_t turn_over_at = kTurnOverAt);

// Appends it, and keeps it as the jail's last end, replacing the one before: old or new, never between.
Status append_end(const Instance &instance, Event event);

// All there are, oldest first; lines that are none of ours (a write that a full disk cut) are passed over. Denied: a
// file that others than root could have written. wanted: which to keep.
Result<std::vector<Event>> read_events(const Instance &instance, const std::function<bool(const Event &)> &wanted);
// Nothing: it never ended, as far as is known.
Result<std::optional<Event>> read_last(const Instance &instance, const JailName &name);

// With the log of a jail that is destroyed.
void remove_last(const Instance &instance, const JailName &name);

// With the log of one that gets another name. Nothing there is no error.
Status move_last(const Instance &instance, const JailName &from, const JailName &to);

// Follows what is appended, through the turn to a new file.
class Follower {
public:
  static Result<Follower> start(const Instance &instance); // behind everything that is there now
  // Waits for events and gives them to `each`, for ever; ends with an error, or when `each` returns false.
  Status run(const std::function<bool(const Event &)> &each);

private:
  Follower() = default;
  Status drain(const std::function<bool(const Event &)> &each, bool &go_on);
  [[nodiscard]] bool turned() const;

  std::string path_, rest_;
  Fd watch_, file_;
};

// The first 8 characters of the boot's id; empty where the kernel does not tell.
std::string boot_id();

// Who a process is, for Event::by. What cannot be read is left out.
Requester requester(pid_t pid, uint32_t uid);

} // namespace jails::journal
