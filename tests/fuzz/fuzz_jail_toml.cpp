// Any text is refused with one printable line or gives a value that writes and reads back the same, both kinds of file.
// Behind a byte 1 in it are jailmgr.toml and two files that can be included, a.toml and b.toml.
#include "base/text.h"
#include "config/jail_config.h"
#include "config/layers.h"
#include "config/tool_config.h"
#include "require.h"

using namespace jails;

static void require_printable(const std::string &text) {
  REQUIRE(printable(text) == text);
  REQUIRE(text.size() < 4000);
}

static void require_one_line(const Error &error) {
  REQUIRE(error.kind() == ErrorKind::Malformed);
  for (auto file : {"f:", "tool:", "d/a.toml:", "d/b.toml:"})
    if (error.text().starts_with(file)) return require_printable(error.text());
  REQUIRE(false);
}

static void layered(const std::vector<std::string_view> &files, const JailName &name) {
  auto common = parse_common(files[1], "tool");
  if (!common) return require_one_line(common.error());
  common->directory = "d";
  common->read_include = [&](const std::string &path) -> Result<std::string> {
    if (path == "a.toml" && files.size() > 2) return std::string(files[2]);
    if (path == "b.toml" && files.size() > 3) return std::string(files[3]);
    return fail(ErrorKind::NotFound, "there is no such file");
  };
  const auto jail = parse_jail(files[0], "f", name, "/r", *common);
  REQUIRE(check_jail(files[0], "f", name, "/r", *common).empty() == jail.has_value());
  if (!jail) return require_one_line(jail.error());
  // Plain values, which none of the other files is needed for.
  const auto back = parse_jail(write_jail(*jail), "f", name, "/r");
  REQUIRE(back && *back == *jail);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const JailName name = *JailName::parse("web");
  const auto text = as_text(data, size);
  if (const auto files = split(text, '\x01'); files.size() > 1) layered(files, name);
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
