#include "denial/audit_record.h"

#include "base/text.h"

#include <algorithm>
#include <asm/unistd.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace jails::denial {
namespace {

constexpr size_t kNameMax = 4096; // of a path; everything else is shorter

template <class T> std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "audit(1795409415.169:2): key=value key=value"
class Record {
public:
  static std::optional<Record> parse(std::string_view text) {
    constexpr std::string_view kHead = "audit(";
    const size_t end = text.find("):");
    if (!text.starts_with(kHead) || end == text.npos) return std::nullopt;
    const std::string_view stamp = text.substr(kHead.size(), end - kHead.size());
    const size_t dot = stamp.find('.'), colon = stamp.find(':');
    if (dot == stamp.npos || colon == stamp.npos || colon < dot) return std::nullopt;
    const auto seconds = number<uint32_t>(stamp.substr(0, dot));
    const auto ms = number<uint32_t>(stamp.substr(dot + 1, colon - dot - 1));
    const auto serial = number<uint64_t>(stamp.substr(colon + 1));
    if (!seconds || !ms || *ms > 999 || !serial) return std::nullopt;
    return Record({.ms = uint64_t{*seconds} * 1000 + *ms, .serial = *serial}, text.substr(end + 2));
  }

  [[nodiscard]] const AuditEvent &event() const { return event_; }

  // As it stands there, with its quotes; the first of that name.
  [[nodiscard]] std::optional<std::string_view> raw(std::string_view name) const {
    std::string_view rest = fields_;
    while (true) {
      rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
      const size_t equals = rest.find('=');
      if (equals == rest.npos) return std::nullopt;
      const std::string_view key = rest.substr(0, equals);
      rest.remove_prefix(equals + 1);
      const bool quoted = rest.starts_with('"');
      const size_t end = quoted ? rest.find('"', 1) : rest.find(' ');
      if (quoted && end == rest.npos) return std::nullopt;
      const std::string_view value = rest.substr(0, quoted ? end + 1 : end);
      if (key == name) return value;
      rest.remove_prefix(value.size());
    }
  }

  template <class T> [[nodiscard]] std::optional<T> value(std::string_view name, int base = 10) const {
    const auto text = raw(name);
    return text ? number<T>(*text, base) : std::nullopt;
  }

  // A name that somebody has chosen. Empty: it is not there, or "(null)".
  [[nodiscard]] std::string chosen(std::string_view name) const {
    const std::string_view text = raw(name).value_or("");
    if (text.starts_with('"')) return std::string(text.substr(1, std::min(text.size() - 2, kNameMax)));
    std::string bytes;
    for (size_t i = 0; i + 1 < text.size() && bytes.size() < kNameMax; i += 2) {
      const auto byte = number<uint8_t>(text.substr(i, 2), 16);
      if (!byte) return {};
      bytes.push_back(static_cast<char>(*byte));
    }
    return bytes;
  }

private:
  Record(AuditEvent event, std::string_view fields) : event_(event), fields_(fields) {}
  AuditEvent event_;
  std::string_view fields_;
};

sj_rule rule_of(std::string_view blocker) {
  if (blocker == "scope.signal") return SJ_RULE_SIGNAL;
  if (blocker == "ptrace") return SJ_RULE_TRACE;
  if (blocker == "scope.abstract_unix_socket") return SJ_RULE_CALL_ABSTRACT;
  return SJ_RULE_LANDLOCK;
}

template <size_t N> void copy_name(char (&to)[N], std::string_view from) {
  memcpy(to, from.data(), std::min(from.size(), N - 1));
}

// The signal that was sent; 0 also where the call says nothing of one.
uint32_t signal_of(const CallRecord &call) {
  switch (call.nr) {
  case __NR_kill:
  case __NR_tkill:
  case __NR_rt_sigqueueinfo:
  case __NR_pidfd_send_signal: return static_cast<uint32_t>(call.args[1]);
  case __NR_tgkill:
  case __NR_rt_tgsigqueueinfo: return static_cast<uint32_t>(call.args[2]);
  default: return 0;
  }
}

sj_object object_of(sj_rule rule, const AccessRecord &access, const CallRecord &call) {
  sj_object object{};
  switch (rule) {
  case SJ_RULE_SIGNAL:
  case SJ_RULE_TRACE:
    object.process.jid = SJ_OUTSIDE;
    if (rule == SJ_RULE_SIGNAL) object.process.what = signal_of(call);
    // A group, or everybody: the record names the first that was met.
    if (call.nr != __NR_kill || static_cast<int32_t>(call.args[0]) > 0) copy_name(object.process.name, access.other);
    break;
  case SJ_RULE_CALL_ABSTRACT:
    copy_name(object.abstract, std::string_view(access.path).substr(access.path.starts_with('\0') ? 1 : 0));
    break;
  default: copy_name(object.abstract, access.path.empty() ? access.blocker : access.blocker + " " + access.path);
  }
  return object;
}

} // namespace

std::optional<AccessRecord> parse_access(std::string_view text) {
  const auto record = Record::parse(text);
  if (!record) return std::nullopt;
  const auto domain = record->value<uint64_t>("domain", 16);
  const auto blockers = record->raw("blockers");
  if (!domain || *domain == 0 || !blockers) return std::nullopt;
  const std::string_view first = blockers->substr(0, blockers->find(','));
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'; };
  if (first.empty() || !std::ranges::all_of(first, plain)) return std::nullopt;
  return AccessRecord{.event = record->event(),
                      .domain = *domain,
                      .blocker = std::string(first),
                      .other = record->chosen("ocomm"),
                      .path = record->chosen("path")};
}

std::optional<DomainRecord> parse_domain(std::string_view text) {
  const auto record = Record::parse(text);
  if (!record || record->raw("status") != "allocated") return std::nullopt;
  const auto domain = record->value<uint64_t>("domain", 16);
  const auto pid = record->value<pid_t>("pid");
  if (!domain || *domain == 0 || !pid || *pid <= 0) return std::nullopt;
  return DomainRecord{.domain = *domain, .pid = *pid};
}

std::optional<CallRecord> parse_call(std::string_view text) {
  const auto record = Record::parse(text);
  if (!record) return std::nullopt;
  const auto nr = record->value<uint32_t>("syscall");
  const auto pid = record->value<pid_t>("pid");
  const auto uid = record->value<uint32_t>("uid");
  if (!nr || !pid || *pid <= 0 || !uid) return std::nullopt;
  CallRecord call{.event = record->event(),
                  .nr = *nr,
                  .failed = record->raw("success") == "no",
                  .exit = record->value<int64_t>("exit").value_or(0),
                  .args = {},
                  .pid = *pid,
                  .uid = *uid,
                  .program = record->chosen("comm")};
  constexpr std::array<std::string_view, 4> kNames{"a0", "a1", "a2", "a3"};
  for (size_t i = 0; i < kNames.size(); i++) call.args[i] = record->value<uint64_t>(kNames[i], 16).value_or(0);
  return call;
}

std::optional<LandlockRecords::Refused> LandlockRecords::take(AuditType type, std::string_view text) {
  switch (type) {
  case AuditType::Access:
    if (auto record = parse_access(text)) access(std::move(*record));
    return std::nullopt;
  case AuditType::Domain:
    if (const auto record = parse_domain(text); record && record->pid == anchor_) {
      state_.domain = record->domain;
      std::erase_if(pending_, [&](const AccessRecord &one) { return one.domain != state_.domain; });
      if (!state_.seen_call) unclear_ += static_cast<int64_t>(pending_.size());
    }
    return std::nullopt;
  case AuditType::Call:
    if (const auto record = parse_call(text)) return call(*record);
  }
  return std::nullopt;
}

void LandlockRecords::access(AccessRecord record) {
  if (state_.domain != 0 && record.domain != state_.domain) return;
  if (std::ranges::find(pending_, record.event, &AccessRecord::event) != pending_.end()) return;
  if (pending_.size() == kPending) pending_.pop_front();
  if (state_.domain != 0 && !state_.seen_call) unclear_++;
  pending_.push_back(std::move(record));
}

std::optional<LandlockRecords::Refused> LandlockRecords::call(const CallRecord &record) {
  const auto found = std::ranges::find(pending_, record.event, &AccessRecord::event);
  if (found == pending_.end()) return std::nullopt;
  const AccessRecord access = std::move(*found);
  pending_.erase(found);
  if (state_.domain == 0) return std::nullopt; // else that of the domain had come in between
  if (!state_.seen_call) unclear_--;
  state_.seen_call = true;
  if (!record.failed || (record.exit != -EPERM && record.exit != -EACCES) || record.pid == anchor_) return std::nullopt;
  const sj_rule rule = rule_of(access.blocker);
  return Refused{.rule = rule,
                 .object = object_of(rule, access, record),
                 .program = record.program,
                 .uid = record.uid,
                 .pid = static_cast<uint32_t>(record.pid)};
}

int64_t LandlockRecords::unclear() { return std::exchange(unclear_, 0); }

} // namespace jails::denial
