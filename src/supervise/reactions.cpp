#include "supervise/reactions.h"

#include "supervise/host_run.h"
#include "supervise/timer.h"
#include "sys/clock.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <utility>

namespace jails::supervise {
namespace {

constexpr uint64_t kLookMs = 1000;

size_t index_of(Subject subject) { return std::to_underlying(subject); }

std::optional<double> real(std::optional<uint64_t> value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

// Where nothing is counted, what would be right.
const char *hint(Subject subject) {
  switch (subject) {
  case Subject::Memory:
  case Subject::Swap: return "with cgroup v1 only for jails that have a limit of memory; give one, or best_effort";
  case Subject::IoRead:
  case Subject::IoWrite: return "with cgroup v1 only for jails that have a limit of it; give one, or best_effort";
  default: return "give best_effort to start without";
  }
}

} // namespace

Reactions::Reactions(EventLoop &loop, const Spec &spec, Jail jail)
    : loop_(loop), spec_(spec), jail_(std::move(jail)), watches_(spec.reactions.size()) {
  for (const auto &reaction : spec.reactions) {
    switch (reaction.when.subject) {
    case Subject::Memory: wants_.memory = true; break;
    case Subject::Swap: wants_.swap = true; break;
    case Subject::Processes: wants_.processes = true; break;
    case Subject::Cpu: wants_.cpu = true; break;
    case Subject::IoRead:
    case Subject::IoWrite: wants_.io = true; break;
    case Subject::NetIn:
    case Subject::NetOut: wants_traffic_ = true; break;
    }
  }
}

Result<std::unique_ptr<Reactions>> Reactions::create(EventLoop &loop, const Spec &spec, Jail jail,
                                                     std::vector<std::string> &warnings) {
  std::unique_ptr<Reactions> self(new Reactions(loop, spec, std::move(jail)));
  TRY(self->uses());
  for (const auto &reaction : spec.reactions) {
    const auto cannot = [&](const std::string &why) {
      warnings.push_back(fmt::format("limits.action \"{}\": {}", to_string(reaction), why));
    };
    if (!self->counted_.at(index_of(reaction.when.subject)))
      cannot(fmt::format("the kernel does not count '{}' of this jail ({})", to_string(reaction.when.subject),
                         hint(reaction.when.subject)));
    if (reaction.act == Act::Exec)
      if (const auto checked = check_program_file(reaction.command[0]); !checked) cannot(checked.error().text());
    if (!warnings.empty() && !spec.limits.best_effort) return fail(ErrorKind::Unsupported, warnings.back());
  }
  self->timer_ = TRY(make_timer());
  arm_timer(self->timer_, kLookMs);
  TRY(loop.add(self->timer_.get(), EPOLLIN, [raw = self.get()](uint32_t) {
    if (!timer_expired(raw->timer_)) return;
    arm_timer(raw->timer_, kLookMs); // anew each time: what was missed in suspend is not made up for
    raw->look();
  }));
  return self;
}

std::optional<double> Reactions::rate(Subject subject, std::optional<uint64_t> counter, double scale) {
  if (!counter) return std::nullopt;
  auto &before = before_.at(index_of(subject));
  counted_.at(index_of(subject)) = true;
  const uint64_t now = sys::monotonic_ms();
  const Counter last = std::exchange(before, {*counter, now});
  // The first, or the jail's cgroup was made anew.
  if (last.at_ms == 0 || now == last.at_ms || *counter < last.value) return std::nullopt;
  return static_cast<double>(*counter - last.value) * scale / static_cast<double>(now - last.at_ms);
}

Result<Reactions::Uses> Reactions::uses() {
  const auto sample = jail_.sample(wants_);
  Uses uses;
  const auto put = [&](Subject subject, std::optional<double> value) { uses.at(index_of(subject)) = value; };
  const auto level = [&](Subject subject, std::optional<uint64_t> value) {
    if (value) counted_.at(index_of(subject)) = true;
    put(subject, real(value));
  };
  level(Subject::Memory, sample.memory);
  level(Subject::Swap, sample.swap);
  level(Subject::Processes, sample.processes);
  put(Subject::Cpu, rate(Subject::Cpu, sample.cpu_us, 1)); // us in a ms: thousandths
  put(Subject::IoRead, rate(Subject::IoRead, sample.read_bytes, 1000));
  put(Subject::IoWrite, rate(Subject::IoWrite, sample.written_bytes, 1000));
  if (!wants_traffic_) return uses;
  const auto traffic = TRY(jail_.traffic());
  put(Subject::NetIn, rate(Subject::NetIn, traffic[0], 1000));
  put(Subject::NetOut, rate(Subject::NetOut, traffic[1], 1000));
  return uses;
}

void Reactions::look() {
  if (jail_.still()) {
    for (auto &watch : watches_) watch.judge.skip();
    before_ = {};
    return;
  }
  const auto now = uses();
  if (!now) return; // the model is being replaced; the next look will tell
  for (size_t i = 0; i < watches_.size(); i++) {
    const auto &reaction = spec_.reactions[i];
    auto &watch = watches_[i];
    const auto use = now->at(index_of(reaction.when.subject));
    const auto threshold = threshold_of(reaction.when, spec_.limits);
    if (!use || !threshold) {
      watch.judge.skip();
      continue;
    }
    watch.use = use_text(reaction.when, *use, *threshold);
    if (!watch.judge.add(*use, *threshold, sys::monotonic_ms(), reaction.when.for_seconds)) continue;
    watch.fired++;
    watch.fired_at = sys::realtime_ms();
    jail_.react(reaction, watch.use,
                fmt::format("{} {} ({})", to_string(reaction.when.subject), watch.use, to_string(reaction.when)));
  }
}

std::vector<ReactionState> Reactions::states() const {
  std::vector<ReactionState> states;
  for (const auto &watch : watches_) states.push_back({watch.use, watch.fired, watch.fired_at});
  return states;
}

std::vector<WatchState> Reactions::save() const {
  std::vector<WatchState> saved;
  for (size_t i = 0; i < watches_.size(); i++) {
    const auto &watch = watches_[i];
    saved.push_back({.line = to_string(spec_.reactions[i]),
                     .armed = watch.judge.armed(),
                     .since_ms = watch.judge.since_ms(),
                     .use = watch.use,
                     .fired = watch.fired,
                     .fired_at = watch.fired_at});
  }
  return saved;
}

void Reactions::restore(const std::vector<WatchState> &watches) {
  for (size_t i = 0; i < watches_.size(); i++) {
    const auto saved = std::ranges::find(watches, to_string(spec_.reactions[i]), &WatchState::line);
    if (saved == watches.end()) continue;
    auto &watch = watches_[i];
    watch.judge.restore(saved->armed, saved->since_ms);
    watch.use = saved->use;
    watch.fired = saved->fired;
    watch.fired_at = saved->fired_at;
  }
}

} // namespace jails::supervise
