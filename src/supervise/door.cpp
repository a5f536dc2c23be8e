#include "supervise/door.h"

#include <algorithm>

namespace jails::supervise {

void Door::count(uint64_t now_ms) {
  if (now_ms - slice_began_ms_ >= kSliceMs) {
    slice_began_ms_ = now_ms;
    acts_ = 0;
  }
  acts_++;
}

size_t Door::count_of(uint32_t uid) const {
  return static_cast<size_t>(
      std::ranges::count_if(clients, [uid](const auto &client) { return client.second.uid == uid; }));
}

std::optional<uint64_t> Door::next_ms() const {
  std::optional<uint64_t> next;
  if (resting) next = slice_began_ms_ + kSliceMs;
  for (const auto &[fd, client] : clients)
    if (client.deadline_ms != 0 && (!next || client.deadline_ms < *next)) next = client.deadline_ms;
  return next;
}

std::optional<uint64_t> Door::tell(uint32_t uid, uint64_t now_ms) {
  if (!told_.contains(uid) && told_.size() >= kMaxTold) {
    std::erase_if(told_, [now_ms](const auto &entry) { return now_ms - entry.second.ms >= kTellMs; });
    if (told_.size() >= kMaxTold) return std::nullopt;
  }
  auto &told = told_[uid];
  if (told.ms != 0 && now_ms - told.ms < kTellMs) {
    told.more++;
    return std::nullopt;
  }
  told.ms = now_ms;
  return std::exchange(told.more, 0);
}

} // namespace jails::supervise
