#include "config/jail_config.h"

#include "base/text.h"
#include "config/baseline.h"
#include "config/document.h"
#include "config/layers.h"
#include "config/reader.h"
#include "config/sections.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace jails {

namespace {

constexpr auto kKeys = with_shared_keys({"include",
                                         "variables",
                                         "command",
                                         "ports",
                                         "hostname",
                                         "root.kind",
                                         "root.base",
                                         "root.path",
                                         "limits.memory_high",
                                         "limits.swap",
                                         "limits.oom",
                                         "limits.cpu",
                                         "limits.cpu_weight",
                                         "limits.cpus",
                                         "limits.io_read",
                                         "limits.io_write",
                                         "limits.iops_read",
                                         "limits.iops_write",
                                         "limits.best_effort",
                                         "limits.net_in",
                                         "limits.net_out",
                                         "limits.disk",
                                         "limits.inodes",
                                         "limits.action",
                                         "limits.action.when",
                                         "limits.action.do",
                                         "limits.action.timeout",
                                         "net",
                                         "net.connect",
                                         "net.addresses",
                                         "health",
                                         "health.command",
                                         "health.port",
                                         "health.http",
                                         "health.interval",
                                         "health.timeout",
                                         "health.retries",
                                         "health.start_period",
                                         "health.recovery",
                                         "health.recovery_command",
                                         "health.recovery_timeout",
                                         "hooks",
                                         "hooks.prestart",
                                         "hooks.created",
                                         "hooks.start",
                                         "hooks.poststart",
                                         "hooks.prestop",
                                         "hooks.stop",
                                         "hooks.poststop",
                                         "hooks.timeout",
                                         "exec",
                                         "exec.allow",
                                         "depends",
                                         "tags",
                                         "ready",
                                         "ready_timeout",
                                         "allow",
                                         "deny",
                                         "provision",
                                         "provision.script",
                                         "mount",
                                         "mount.source",
                                         "mount.target",
                                         "mount.read_only"});

void read_command(TableReader &top, JailConfig &to) {
  const auto *entry = top.find("command");
  if (entry == nullptr) return;
  auto words = command_words(entry->value);
  if (!words) return top.wrong(entry->line, "command", words.error().text());
  to.spec.command = std::move(*words);
  if (const auto *line = std::get_if<std::string>(&entry->value.data); line != nullptr && !to.spec.command.empty())
    to.command_line = *line;
}

void read_ports(TableReader &top, std::vector<PortReservation> &to) {
  constexpr std::string_view kExpected = "expected a list of ports like [\"8080\", \"udp/53@10.0.0.5\"]";
  const auto *entry = top.find("ports");
  if (entry == nullptr) return;
  const auto *list = std::get_if<TomlArray>(&entry->value.data);
  if (list == nullptr) return top.wrong(entry->line, "ports", kExpected);
  for (const auto &item : *list) {
    const auto *number = std::get_if<int64_t>(&item.data);
    const auto *text = std::get_if<std::string>(&item.data);
    if (number == nullptr && text == nullptr) return top.wrong(item.line, "ports", kExpected);
    const std::string port = number != nullptr ? std::to_string(*number) : *text;
    // One by one: a list inside a text would hide behind the line of its first port.
    const auto one = parse_port(port);
    const Status done = one ? add_ports(to, port) : std::unexpected(one.error());
    if (!done) top.wrong(item.line, "ports", done.error().text());
  }
}

void read_permissions(TableReader &top, Profile profile, Permissions &to) {
  for (auto [key, set] : {std::pair("allow", &to.allow), std::pair("deny", &to.deny)}) {
    const auto *entry = top.find(key);
    if (entry == nullptr) continue;
    const auto *list = std::get_if<TomlArray>(&entry->value.data);
    const auto bad_form = [&] {
      top.wrong(entry->line, key, "expected a list of permissions like [\"chroot\", \"mlock\"]");
    };
    if (list == nullptr) {
      bad_form();
      continue;
    }
    for (const auto &item : *list) {
      const auto *name = std::get_if<std::string>(&item.data);
      if (name == nullptr) {
        bad_form();
        break;
      }
      Status done = name->find(',') == name->npos ? add_permissions(*set, *name)
                                                  : fail(ErrorKind::Usage, "one permission in each text, no ','");
      if (done) done = check_permissions(to, profile);
      if (!done) {
        top.wrong(item.line, key, done.error().text());
        break;
      }
    }
  }
}

void read_root(TableReader &top, JailConfig &to) {
  const auto *table = top.table("root");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "root.", top.known());
  const uint32_t kind = reader.parsed("kind", "\"thin\", \"plain\" or \"thick\"", to.root_kind, parse_root_kind);
  reader.text("base", "the name of a base, like \"host\"", [&](const std::string &value) -> Status {
    TRY(check_base(value));
    to.base = value;
    return {};
  });
  const uint32_t path = reader.text("path", "an absolute path", [&](const std::string &value) -> Status {
    TRY(check_path("root", value, kRootPathMax));
    to.spec.root = value;
    return {};
  });
  if (to.root_kind == RootKind::Plain && reader.find("path") == nullptr)
    reader.wrong(kind, "kind", "\"plain\" needs path as well, the directory to use");
  if (to.root_kind != RootKind::Plain && path != 0)
    reader.wrong(path, "path", "only for kind = \"plain\", the other kinds have their own directory");
  reader.done();
}

void read_mounts(TableReader &top, std::vector<Bind> &to) {
  const auto *entry = top.find("mount");
  if (entry == nullptr) return;
  const auto *list = std::get_if<TomlArray>(&entry->value.data);
  if (list == nullptr)
    return top.wrong(entry->line, "mount", "expected [[mount]] with two brackets, one for each mount");
  for (const auto &item : *list) {
    const auto *table = std::get_if<TomlTable>(&item.data);
    if (table == nullptr) return top.wrong(item.line, "mount", "expected tables, each below its own [[mount]]");
    TableReader reader(top.notes(), *table, "mount.", top.known());
    Bind bind;
    const auto path = [&](std::string_view key, std::string &value) {
      if (reader.find(key) == nullptr) reader.wrong(item.line, key, "missing, expected an absolute path");
      return reader.text(key, "an absolute path", [&](const std::string &text) -> Status {
        TRY(check_path("mount " + std::string(key), text, kBindPathMax));
        value = text;
        return {};
      });
    };
    const uint32_t source = path("source", bind.source);
    const uint32_t target = path("target", bind.target);
    reader.boolean("read_only", bind.read_only);
    reader.done();
    if (source == 0 || target == 0) continue;
    if (auto done = check_bind(bind); !done) reader.wrong(target, "target", done.error().text());
    if (std::ranges::any_of(to, [&](const Bind &other) { return other.target == bind.target; }))
      reader.wrong(target, "target", in_quotes(bind.target) + " is given twice");
    to.push_back(std::move(bind));
  }
}

void write_permissions(Writer &out, const Permissions &permissions) {
  const auto names = [](PermissionSet set, const char *example) {
    const auto list = set != 0 ? names_of(set) : std::vector<std::string>{example};
    return toml_list(list, [](const std::string &name) { return name; });
  };
  out.key("Permissions beyond the profile, and ones taken from it; `jailctl profile list` has them. Default: none.",
          "allow", names(permissions.allow, "chroot"), permissions.allow == 0);
  out.key("Default: none.", "deny", names(permissions.deny, "netlink-route"), permissions.deny == 0);
}

void write_command(Writer &out, const JailConfig &config) {
  // The line as a person wrote it, as long as it still means the command in force.
  const auto words = split_command(config.command_line);
  const bool as_written = words && *words == config.spec.command;
  const auto list = [&] { return toml_list(config.spec.command, [](const std::string &word) { return word; }); };
  out.key("The command that the jail is there for: a line, split into words as sh(1) does but run by no\n"
          "shell, or a list of words. It runs supervised. Default: none.",
          "command", as_written ? toml_string(config.command_line) : list(), config.spec.command.empty());
}

void write_mounts(Writer &out, const std::vector<Bind> &binds) {
  out.paragraph("Host directories shown in the jail, as many as you like. source: absolute path on the host; target:\n"
                "absolute path in the jail, not in /dev, /proc or /sys; read_only: true or false, default true.");
  if (binds.empty()) {
    out.line("#[[mount]]\n#source = \"/srv/www\"\n#target = \"/srv/www\"\n#read_only = true");
    return;
  }
  for (const Bind &bind : binds) {
    out.line("[[mount]]");
    out.line("source = " + toml_string(bind.source));
    out.line("target = " + toml_string(bind.target));
    out.line(fmt::format("{}read_only = {}\n", bind.read_only ? "#" : "", bind.read_only));
  }
}

} // namespace

Result<RootKind> parse_root_kind(std::string_view text) {
  for (auto kind : {RootKind::Thin, RootKind::Plain, RootKind::Thick})
    if (text == to_string(kind)) return kind;
  return fail(ErrorKind::Usage, "root kind " + in_quotes(text) + ": expected thin, plain or thick");
}

std::string_view to_string(RootKind kind) {
  switch (kind) {
  case RootKind::Thin: return "thin";
  case RootKind::Plain: return "plain";
  case RootKind::Thick: return "thick";
  }
  std::unreachable();
}

Status check_base(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= ':') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= 63 && std::ranges::all_of(name, good) && name[0] != '.' && name[0] != '-')
    return {};
  return fail(ErrorKind::Usage,
              "base " + in_quotes(name) +
                  ": expected 1 to 63 characters of A-Z a-z 0-9 . _ : and -, not starting with '.' or "
                  "'-'");
}

JailConfig default_jail(const JailName &name, std::string_view default_root) {
  return JailConfig{.spec = default_spec(name, std::string(default_root)), .command_line = {}};
}

std::span<const std::string_view> jail_keys() { return kKeys; }

// Notes all that is wrong; the value counts if that is nothing.
static JailConfig read_jail(Diagnostics &notes, std::string_view text, std::string_view file, const JailName &name,
                            std::string_view default_root, const Common &common) {
  JailConfig config = default_jail(name, default_root);
  auto own = parse_toml(text, file);
  if (!own) {
    notes.add_whole(0, own.error().text());
    return config;
  }
  if (auto good = read_version(file, *own, kConfigVersion, config.version); !good) {
    notes.add_whole(0, good.error().text());
    return config;
  }
  const TomlTable table = put_together(notes, std::move(*own), config.version, name, common);
  TableReader top(notes, table, "", kKeys);
  read_supervision(top, config.autostart, config.spec.profile, config.spec.restart, config.spec.stop_grace_ms);
  read_permissions(top, config.spec.profile, config.spec.permissions);
  read_command(top, config);
  read_ports(top, config.spec.ports);
  top.text("hostname", "a host name", [&](const std::string &value) -> Status {
    TRY(check_hostname(value));
    config.spec.hostname = value;
    return {};
  });
  const uint32_t ready_line = read_order(top, config);
  read_root(top, config);
  read_limits(top, config.spec.limits, config.spec.restart, &config.spec.reactions);
  read_net(top, config.spec.net);
  read_health(top, config.spec.ports, config.spec.health);
  if (auto good = check_readiness(config); !good && ready_line != 0)
    top.wrong(ready_line, "ready", good.error().text());
  read_hooks(top, config.spec.root, config.spec.hooks);
  read_exec(top, config.spec.exec_rules);
  read_log(top, config.spec.log);
  read_provision(top, config.provision_script);
  read_mounts(top, config.spec.binds);
  top.done();
  if (!notes.clean()) return config;
  if (auto good = validate(config.spec); !good) notes.add_whole(0, printable(file) + ": " + good.error().text());
  return config;
}

Result<JailConfig> parse_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root, const Common &common) {
  Diagnostics notes(file);
  auto config = read_jail(notes, text, file, name, default_root, common);
  TRY(notes.status());
  return config;
}

Result<JailConfig> parse_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root) {
  return parse_jail(text, file, name, default_root, Common{});
}

std::vector<std::string> check_jail(std::string_view text, std::string_view file, const JailName &name,
                                    std::string_view default_root, const Common &common) {
  Diagnostics notes(file);
  (void)read_jail(notes, text, file, name, default_root, common);
  return notes.all();
}

std::string write_jail(const JailConfig &config) {
  const Spec &spec = config.spec;
  Writer out;
  out.paragraph("The jail '" + spec.name.str() + "'. Changes take effect at its next start.\n" +
                "A key behind a '#' shows the default or an example; take the '#' away to set it.");
  out.key("Version of this file's format.", "version", std::to_string(config.version), false);
  if (config.version > 1)
    out.key("Files below the configuration directory whose keys hold here unless they are said again.\nDefault: none.",
            "include", R"(["common/web.toml"])", true);
  write_command(out, config);
  write_supervision(out, config.autostart, spec.profile, spec.restart, spec.stop_grace_ms);
  write_permissions(out, spec.permissions);
  out.key("Ports that only this jail may bind, up to 32: \"8080\" is TCP and UDP on any address; narrower:\n"
          "\"tcp/443\", \"udp/53@10.0.0.5\", \"tcp/443@[fd00::5]\". Default: none.",
          "ports", toml_list(spec.ports, [](const PortReservation &port) { return to_string(port); }),
          spec.ports.empty());
  out.key("The host name in the jail. Default: the jail's name.", "hostname",
          toml_string(spec.hostname.empty() ? spec.name.str() : spec.hostname), spec.hostname.empty());
  write_order(out, config);
  const bool plain = config.root_kind == RootKind::Plain;
  out.section("[root]", "The jail's root directory.");
  out.key("\"thin\": shares the base's read-only trees; \"thick\": a full copy of the base; \"plain\": the directory\n"
          "in path, as it is. Default: \"thin\".",
          "kind", toml_string(to_string(config.root_kind)), config.root_kind == RootKind::Thin);
  out.key("The base of a thin or thick root; \"host\" is the host's own programs. Default: \"host\".", "base",
          toml_string(config.base), config.base == "host");
  out.key("The directory of a plain root: an absolute path of at most 255 bytes, not \"/\".", "path",
          toml_string(plain ? spec.root : "/srv/jail"), !plain);
  write_limits(out, spec.limits);
  write_net(out, spec.net);
  write_health(out, spec.health);
  write_hooks(out, spec.hooks);
  write_exec(out, spec.exec_rules);
  write_log(out, spec.log);
  write_provision(out, config.provision_script);
  write_reactions(out, spec.reactions);
  write_mounts(out, spec.binds);
  if (config.version == 1) return out.take();
  out.line("\n# Numbers and texts for use above, as ${port}; ${name} is the jail's name.\n#[variables]\n#port = 8080");
  return escape_lines(out.take());
}

std::string write_jail(const JailConfig &config, const Common &common) {
  if (common.defaults.empty()) return write_jail(config);
  Diagnostics notes(common.file);
  const auto baseline =
      read_jail(notes, fmt::format("version = {}", kConfigVersion), common.file, config.spec.name, "/jail", common);
  if (!notes.clean()) return write_jail(config);
  JailConfig ours = config;
  // What [[mount]] and [[limits.action]] of the defaults add cannot be said once more.
  std::erase_if(ours.spec.binds, [&](const Bind &bind) {
    return std::ranges::find(baseline.spec.binds, bind) != baseline.spec.binds.end();
  });
  std::erase_if(ours.spec.reactions, [&](const Reaction &reaction) {
    return std::ranges::find(baseline.spec.reactions, reaction) != baseline.spec.reactions.end();
  });
  return leave_to_defaults(write_jail(ours), write_jail(baseline), common.defaults);
}

} // namespace jails
