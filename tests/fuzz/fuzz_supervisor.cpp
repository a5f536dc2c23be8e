// What a supervisor parses of others: requests, specs, the jail's passwd and group, the state of one that it replaces.
#include "require.h"

#include "supervise/passwd.h"
#include "supervise/protocol.h"
#include "supervise/state.h"

using namespace jails;
using namespace jails::supervise;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  switch (data[0] % 6) {
  case 0:
    if (const auto request = decode_request(bytes)) REQUIRE(decode_request(encode(*request)).has_value());
    break;
  case 1:
    if (const auto spec = decode_spec(bytes)) REQUIRE(encode(*decode_spec(encode(*spec))) == encode(*spec));
    break;
  case 2:
    if (const auto reply = decode_reply(bytes)) REQUIRE(decode_reply(encode(*reply)).has_value());
    break;
  case 3:
    if (const auto state = decode_state(bytes, kStateToGoOn)) {
      const auto again = encode(*state, kStateToGoOn);
      REQUIRE(encode(*decode_state(again, kStateToGoOn), kStateToGoOn) == again);
    }
    break;
  case 5: {
    const auto request = decode_user_request(bytes);
    if (request) REQUIRE(request->type == RequestType::Exec || request->type == RequestType::Signal);
    if (request) REQUIRE(decode_user_request(encode(*request)).has_value());
    break;
  }
  default: {
    const auto middle = bytes.size() / 2;
    const auto user = find_user(bytes.substr(0, 12), bytes.substr(0, middle), bytes.substr(middle));
    if (user) REQUIRE(user->uid != 0xffffffff && user->gid != 0xffffffff && user->groups.size() <= 32);
  }
  }
  return 0;
}
