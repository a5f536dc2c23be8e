#include "verify/trial.h"

#include "abi/syscall_policy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace jails::verify {
namespace {

constexpr size_t kShown = 3; // breaches that a row names

std::string error_name(long rc) {
  if (rc >= 0) return "it succeeded";
  const char *name = strerrorname_np(static_cast<int>(-rc));
  return name == nullptr ? fmt::format("error {}", -rc) : name;
}

std::string times(size_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

std::string_view who(Identity identity) {
  return identity == Identity::Root ? "as root" : identity == Identity::User ? "as uid 1000" : "outside";
}

} // namespace

void Trial::record(std::string_view act, std::string_view on, bool past, bool allowed, const std::string &how) {
  auto found = acts_.find(act);
  if (found == acts_.end()) {
    found = acts_.emplace(std::string(act), Act{}).first;
    order_.emplace_back(act);
  }
  Act &entry = found->second;
  if (control()) {
    entry.control_tried = true;
    entry.control_reached = entry.control_reached || past;
    entry.control_error = how;
    return;
  }
  entry.allowed = entry.allowed || allowed;
  (past ? entry.past : entry.refused)++;
  if (!past) errors_.insert(how);
  if (past && !allowed)
    breaches_.push_back(fmt::format("{}: {}{}{}: {}", who(identity_), act, on.empty() ? "" : " on ", on, how));
}

void Trial::refused(std::string_view act, long rc, std::initializer_list<int> errors, std::string_view on) {
  if (rc == kLost) return blocked("the probe is gone");
  bool stopped = std::ranges::find(errors, static_cast<int>(-rc)) != errors.end();
  // Outside only a guard's errors count as refused; any other means that the act got as far as the kernel's own code.
  if (control() && rc == -ENOSYS) stopped = true;
  record(act, on, !stopped, false, error_name(rc));
}

void Trial::call(std::string_view act, uint32_t number, const uint64_t (&arguments)[6], bool always) {
  const __u64 words[6] = {arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]};
  const uint32_t profile = subject_.profile();
  const int error = sj_syscall(profile, subject_.permissions, number, words);
  const bool granted = error == 0 && sj_syscall(profile, sj_profile_permissions(profile), number, words) != 0;
  const long rc = probe_->call_words(static_cast<long>(number), arguments);
  if (error == 0 && (!always || granted)) {
    // Beside the filter there is the kernel's own refusal (a capability that the profile has not).
    if (rc == kLost) return blocked("the probe is gone");
    const bool stopped = rc == -EPERM || rc == -EACCES || (control() && rc == -ENOSYS);
    record(act, {}, !stopped, true, error_name(rc));
    return;
  }
  if (error == 0)
    refused(act, rc, {EPERM, EACCES});
  else
    refused(act, rc, {error, EPERM, EACCES});
}

void Trial::judged(std::string_view act, bool past, bool allowed, std::string_view how) {
  if (probe_->lost()) return blocked("the probe is gone");
  record(act, {}, past, allowed, !how.empty() ? std::string(how) : past ? "it succeeded" : "no effect");
}

void Trial::blocked(std::string_view why) {
  const auto text =
      fmt::format("{}: {}", who(identity_), probe_->lost() ? "the probe was ended, stopped or tampered with" : why);
  if (std::ranges::find(breaches_, text) == breaches_.end()) breaches_.push_back(text);
}

void Trial::disturbed(std::string_view what) {
  breaches_.insert(breaches_.begin(), fmt::format("{}: seen on the host: {}", who(identity_), what));
}

std::string Trial::expected() const {
  std::vector<std::string_view> allowed;
  for (const auto &name : order_)
    if (acts_.find(name)->second.allowed) allowed.push_back(name);
  if (allowed.empty()) return "refused";
  if (allowed.size() == order_.size()) return "allowed";
  return fmt::format("refused, but allowed: {}", fmt::join(allowed, ", "));
}

// Acts whose control did not get past, so that a refusal in the jail says nothing.
std::string Trial::not_shown() const {
  std::map<std::string, std::vector<std::string_view>> by_error;
  for (const auto &name : order_) {
    const Act &act = acts_.find(name)->second;
    if (act.control_tried && !act.control_reached && !act.allowed) by_error[act.control_error].push_back(name);
  }
  std::string text;
  for (const auto &[error, names] : by_error)
    text += fmt::format("{}outside the jail too {} for {}", text.empty() ? "" : "; ", error, fmt::join(names, ", "));
  return text;
}

Row Trial::row() const {
  Row row{check_.id, check_.tried, expected(), {}, Verdict::Ok};
  if (!breaches_.empty()) {
    row.verdict = Verdict::Gap;
    row.happened = fmt::format(
        "{}", fmt::join(breaches_.begin(),
                        breaches_.begin() + static_cast<ptrdiff_t>(std::min(kShown, breaches_.size())), "; "));
    if (breaches_.size() > kShown) row.happened += fmt::format("; and {} more", breaches_.size() - kShown);
    return row;
  }
  if (!skip_.empty()) return {check_.id, check_.tried, "refused", skip_, Verdict::Skip};
  size_t refused = 0, past = 0, shown = 0, needing = 0;
  for (const auto &[name, act] : acts_) {
    refused += act.refused;
    past += act.past;
    needing += act.control_tried && !act.allowed ? 1 : 0;
    shown += act.control_reached && !act.allowed ? 1 : 0;
  }
  const std::string hidden = not_shown();
  if (refused + past == 0 || (needing != 0 && shown == 0 && past == 0)) {
    row.verdict = Verdict::Skip;
    row.happened = refused + past == 0 ? "nothing was tried" : "shows nothing: " + hidden;
    return row;
  }
  if (refused != 0) row.happened = fmt::format("held {} ({})", times(refused), fmt::join(errors_, ", "));
  if (past != 0) row.happened += fmt::format("{}allowed {}", refused != 0 ? ", " : "", times(past));
  if (check_.no_control != nullptr) row.happened += fmt::format("; no control: {}", check_.no_control);
  if (!hidden.empty()) row.happened += "; not shown: " + hidden;
  return row;
}

const char *to_string(Verdict verdict) {
  switch (verdict) {
  case Verdict::Ok: return "ok";
  case Verdict::Gap: return "GAP";
  case Verdict::Skip: return "SKIP";
  }
  return "?";
}

size_t Report::count(Verdict verdict) const {
  return static_cast<size_t>(std::ranges::count(rows, verdict, &Row::verdict));
}

} // namespace jails::verify
