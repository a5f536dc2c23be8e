// Any text is refused with one printable line or gives a value that writes and reads back the same, both kinds of file.
#include "base/text.h"
#include "config/jail_config.h"
#include "config/tool_config.h"
#include "require.h"

using namespace jails;

static void require_one_line(const Error &error) {
  REQUIRE(error.kind() == ErrorKind::Malformed);
  REQUIRE(error.text().starts_with("f:"));
  REQUIRE(printable(error.text()) == error.text());
  REQUIRE(error.text().size() < 2000);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const JailName name = *JailName::parse("web");
  const auto text = as_text(data, size);
  if (const auto jail = parse_jail(text, "f", name, "/r")) {
    REQUIRE(validate(jail->spec));
    const auto back = parse_jail(write_jail(*jail), "f", name, "/r");
    REQUIRE(back && *back == *jail);
  } else {
    require_one_line(jail.error());
  }
  if (const auto tool = parse_tool(text, "f")) {
    const auto back = parse_tool(write_tool(*tool), "f");
    REQUIRE(back && *back == *tool);
  } else {
    require_one_line(tool.error());
  }
  return 0;
}
