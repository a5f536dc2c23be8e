// What the anchor reads of its supervisor: no request, however broken, leads out of the message or leaves argv or envp
// without an end.
#include "anchor/request.h"
#include "require.h"

#include <cstring>
#include <memory>

using namespace jails::anchor;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const int descriptors = data[0] % 8;
  const size_t bytes = size - 2;
  const size_t capacity = bytes + data[1] * sizeof(char *);
  // From the heap, so that the sanitizer sees one byte too many; aligned as the anchor's own buffer.
  const std::unique_ptr<char, void (*)(void *)> buffer(
      static_cast<char *>(aligned_alloc(16, (capacity + 15) & ~size_t{15})), free);
  memcpy(buffer.get(), data + 2, bytes);
  SpawnWords words{};
  if (read_spawn(buffer.get(), bytes, capacity, descriptors, words) != 0) return 0;

  REQUIRE(memcmp(buffer.get(), data + 2, bytes) == 0);
  SpawnRequest request;
  memcpy(&request, buffer.get(), sizeof request);
  REQUIRE(request.group_count <= kMaxGroups && descriptors == descriptors_of(request));
  const char *expected = buffer.get() + sizeof request;
  const auto follows = [&](const char *word) {
    const bool right = word == expected;
    expected += strlen(word) + 1;
    return right;
  };
  REQUIRE(follows(words.directory));
  for (uint32_t i = 0; i < request.argc; i++) REQUIRE(follows(words.argv[i]));
  for (uint32_t i = 0; i < request.envc; i++) REQUIRE(follows(words.envp[i]));
  REQUIRE(expected == buffer.get() + bytes);
  REQUIRE(words.argv[request.argc] == nullptr && words.envp[request.envc] == nullptr);
  return 0;
}
