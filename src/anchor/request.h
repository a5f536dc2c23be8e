// Reads a SpawnRequest where it lies. Freestanding, as the anchor is; a fuzzer gives it any bytes.
#pragma once

#include "anchor/protocol.h"

#include <asm/errno.h>

namespace jails::anchor {

struct SpawnWords {
  const char *directory;
  char **argv; // ends with nullptr, as execve(2) wants it
  char **envp; // likewise
};

inline bool wants_terminal(const SpawnRequest &request) {
  return request.stdio[0] == Stdio::Terminal || request.stdio[1] == Stdio::Terminal ||
         request.stdio[2] == Stdio::Terminal;
}

// How many descriptors come with the request; 0 if it is none that may be carried out.
inline int descriptors_of(const SpawnRequest &request) {
  int count = 1 + (wants_terminal(request) ? 1 : 0) + (request.program != 0 ? 1 : 0);
  for (const Stdio slot : request.stdio) {
    if (slot > Stdio::Terminal) return 0;
    count += slot == Stdio::Descriptor ? 1 : 0;
  }
  return count;
}

// The message is the first `bytes` of a buffer of `capacity` bytes that is aligned for pointers; argv and envp are put
// behind it, in the same buffer. descriptors: how many came with it. 0, -EINVAL, or -E2BIG where there is no room.
inline long read_spawn(char *buffer, unsigned long bytes, unsigned long capacity, int descriptors, SpawnWords &words) {
  if (bytes < sizeof(SpawnRequest)) return -EINVAL;
  const auto &request = *reinterpret_cast<const SpawnRequest *>(buffer);
  if (request.argc == 0 || request.group_count > kMaxGroups) return -EINVAL;
  if (descriptors < 1 || descriptors != descriptors_of(request)) return -EINVAL;
  if (request.argc > capacity || request.envc > capacity) return -E2BIG;
  const unsigned long pointers = (bytes + 15) & ~15UL;
  if (pointers + (static_cast<unsigned long>(request.argc) + request.envc + 2) * sizeof(char *) > capacity)
    return -E2BIG;

  char *text = buffer + sizeof(SpawnRequest);
  char *const end = buffer + bytes;
  const auto next = [&]() -> char * {
    char *const start = text;
    while (text < end && *text != 0) text++;
    if (text == end) return nullptr;
    text++;
    return start;
  };
  words.directory = next();
  words.argv = reinterpret_cast<char **>(buffer + pointers);
  words.envp = words.argv + request.argc + 1;
  char *last = const_cast<char *>(words.directory);
  for (uint32_t i = 0; i < request.argc; i++) words.argv[i] = last = next();
  words.argv[request.argc] = nullptr;
  for (uint32_t i = 0; i < request.envc; i++) words.envp[i] = last = next();
  words.envp[request.envc] = nullptr;
  return last != nullptr && text == end ? 0 : -EINVAL;
}

} // namespace jails::anchor
