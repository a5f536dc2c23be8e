// Ports, destinations, addresses, names, sizes, tags, levels, paths: an accepted value's text reads back as the same
// value.
#include "base/text.h"
#include "model/ids.h"
#include "model/log.h"
#include "model/net.h"
#include "model/port.h"
#include "model/spec.h"
#include "require.h"

using namespace jails;

static void ports(std::string_view text) {
  if (const auto port = parse_port(text)) {
    const auto back = parse_port(to_string(*port));
    REQUIRE(back && *back == *port && port->port != 0 && overlap(*port, *back));
  } else {
    REQUIRE(printable(port.error().text()) == port.error().text());
  }
  std::vector<PortReservation> list;
  if (add_ports(list, text)) {
    REQUIRE(!list.empty() && list.size() <= 32);
    for (size_t i = 0; i < list.size(); i++)
      for (size_t j = 0; j < i; j++) REQUIRE(!overlap(list[i], list[j]));
  } else {
    REQUIRE(list.empty());
  }
}

// A word of `jailctl set`: what is accepted survives as words, what is refused changes nothing.
static void limits(std::string_view text) {
  Limits changed;
  const std::string_view words[] = {text};
  const auto done = change_limits(changed, words);
  if (!done) {
    REQUIRE(changed == Limits{} && printable(done.error().text()) == done.error().text());
    return;
  }
  const auto list = limit_words(changed);
  const std::vector<std::string_view> views(list.begin(), list.end());
  Limits back;
  REQUIRE(change_limits(back, views) && back == changed);
}

static void net(std::string_view text) {
  if (const auto to = parse_destination(text)) {
    const auto back = parse_destination(to_string(*to));
    REQUIRE(back && *back == *to && to->jail.empty() == (to->at.family != 0) && (to->port != 0 || !to->jail.empty()));
  } else {
    REQUIRE(printable(to.error().text()) == to.error().text());
  }
  if (const auto at = parse_own_address(text)) {
    const auto back = parse_own_address(to_string(*at));
    REQUIRE(back && *back == *at && !at->is_wildcard());
  }
  NetSpec all;
  (void)add_destinations(all.connect, text);
  (void)add_addresses(all.addresses, text);
  REQUIRE(check_net(all));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const auto text = as_text(data, size);
  ports(text);
  limits(text);
  net(text);
  if (const auto name = JailName::parse(text)) REQUIRE(name->str() == text && check_path("x", "/" + name->str(), 255));
  if (const auto bytes = parse_size(text)) REQUIRE(parse_size(std::to_string(*bytes)) == *bytes);
  if (const auto tag = parse_tag(text)) REQUIRE(*parse_tag(*tag) == *tag);
  if (const auto level = parse_level(text)) REQUIRE(*parse_level(level_name(*level)) == *level);
  if (check_path("x", text, 4095)) REQUIRE(text.find("/../") == text.npos && text.find("//") == text.npos);
  return 0;
}
