// [provision]: what is run in a jail before its command.
#include "config/sections.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {

static Status check_script(std::string_view path) {
  constexpr size_t kPathMax = 127;
  const auto parts = split(path, '/');
  const bool clean = std::ranges::none_of(parts, [](auto part) { return part.empty() || part.starts_with('.'); });
  if (clean && path.size() <= kPathMax && printable(path) == path) return {};
  return fail(ErrorKind::Usage,
              in_quotes(path) + ": expected a file below the configuration directory, like \"provision/web.sh\"");
}

void read_provision(TableReader &top, std::string &script) {
  const auto *table = top.table("provision");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "provision.", top.known());
  reader.text("script", "a file like \"provision/web.sh\"", [&](const std::string &value) -> Status {
    if (!value.empty()) TRY(check_script(value)); // empty: none, whatever the defaults say
    script = value;
    return {};
  });
  reader.done();
}

void write_provision(Writer &out, const std::string &script) {
  out.paragraph(
      "A script below the configuration directory that `jailmgr up` runs in the jail, as its root, before the\n"
      "command is started: when the jail is new, and whenever the script has changed.");
  const bool none = script.empty();
  out.line(none ? "#[provision]" : "[provision]");
  out.line((none ? "#script = " : "script = ") + toml_string(none ? "provision/web.sh" : script) + "\n");
}

} // namespace jails
