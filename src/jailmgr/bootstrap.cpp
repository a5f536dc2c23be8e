#include "jailmgr/verb.h"

#include "cli/arguments.h"
#include "config/file.h"
#include "features/features.h"
#include "jail/registry.h"
#include "jailmgr/base.h"
#include "jailmgr/boot.h"
#include "jailmgr/store.h"
#include "jailmgr/undo.h"
#include "loader/loader.h"
#include "sys/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

void say(std::string_view what, std::string_view text) {
  fmt::print("{}: {}\n", what, text);
  fflush(stdout);
}

Status check_kernel() {
  const auto features = probe_features();
  const auto missing = missing_features(features);
  if (!missing.empty()) {
    fmt::print("{}", features_table(features));
    return fail(ErrorKind::Unsupported,
                fmt::format("this kernel lacks what a jail needs: {}", fmt::join(missing, ", ")));
  }
  const auto works = std::ranges::count_if(features, &Feature::works);
  say("kernel", fmt::format("{} of {} guards work, all that are required", works, features.size()));
  for (const auto &feature : features)
    if (!feature.works)
      say("kernel", fmt::format("without {} ({}): {}", feature.name, feature.purpose, feature.detail));
  return {};
}

Status load(const Instance &instance) {
  const auto lock = TRY(instance_lock(instance));
  const auto report = TRY(load_secmodel(instance));
  say("bpffs", report.mounted_bpffs ? "mounted at /sys/fs/bpf" : "is mounted already");
  if (report.cleared) say("secmodel_jail", "cleared an unfinished load");
  for (const auto &line : report.repaired) say("secmodel_jail", "repaired: " + line);
  for (const auto &line : report.notes) say("secmodel_jail", "note: " + line);
  say("secmodel_jail", report.already_loaded ? "is loaded already" : "loaded");
  return {};
}

// Private: set-user-id files of a jail must be out of the reach of host users.
Status make_private(const std::string &path, bool &made) {
  if (TRY(sys::make_dir(path, 0700))) made = true;
  struct stat st{};
  if (lstat(path.c_str(), &st) != 0) return fail_errno(path);
  if (st.st_uid != 0)
    return fail(ErrorKind::Denied, fmt::format("{}: owned by uid {}, must be owned by root", path, st.st_uid));
  if ((st.st_mode & 07777U) == 0700) return {};
  if (chmod(path.c_str(), 0700) != 0) return fail_errno(path);
  made = true;
  return {};
}

Status make_directories(const Instance &instance) {
  bool made = false;
  for (const char *below : {"", "/jails", "/base"}) TRY(make_private(instance.data_dir() + below, made));
  say("data", fmt::format("{}{}", instance.data_dir(), made ? " made, private to root" : " is there already"));
  made = false;
  TRY(make_private(instance.log_dir(), made));
  say("logs", fmt::format("{}{}", instance.log_dir(), made ? " made, private to root" : " is there already"));
  return TRY(Store::open(instance)).clean();
}

Status make_config(const Instance &instance) {
  TRY(sys::make_dir(instance.config_dir(), 0755));
  const std::string file = instance.config_dir() + "/jailmgr.toml";
  if (access(file.c_str(), F_OK) == 0) {
    TRY(load_tool(file)); // one that cannot be read is said now, not at the next create
    say("configuration", file + " is there already");
    return {};
  }
  TRY(save_tool(file, {}));
  say("configuration", file + " made, with the defaults");
  return {};
}

Status bootstrap_host(const Instance &instance) {
  TRY(check_kernel());
  TRY(load(instance));
  TRY(make_directories(instance));
  TRY(make_config(instance));
  say("base", TRY(make_host_base(instance)) ? "'host' made: new jails share this host's /usr, read-only"
                                            : "'host' is there already");
  if (instance.name().empty())
    say("boot", TRY(install_boot()));
  else
    say("boot", fmt::format("skipped, instance '{}' is not started at boot", instance.name()));
  return {};
}

} // namespace

Result<int> bootstrap(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr bootstrap [--boot | --undo [--purge]]";
  constexpr std::string_view kAbout = "Prepares this host, saying of each step what was done: checks the kernel, loads "
                                      "secmodel_jail, makes the data and\n"
                                      "log directories, jailmgr.toml, the base 'host', and has jails marked for "
                                      "autostart started at boot. What is there\n"
                                      "already is left alone.";
  bool boot = false;
  bool undo = false;
  bool purge = false;
  std::vector<Option> options;
  options.push_back({0, "boot", nullptr, "only what a boot has undone: load secmodel_jail", set_flag(boot), true});
  options.push_back({0, "undo", nullptr, "take it all away again; jails, logs and a changed jailmgr.toml are kept",
                     set_flag(undo), true});
  options.push_back({0, "purge", nullptr, "with --undo: the jails and logs as well", set_flag(purge), true});
  const auto parsed = TRY(parse(call, kUsage, kAbout, std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  if (purge && !undo) return fail(ErrorKind::Usage, "--purge needs --undo");
  if (boot && undo) return fail(ErrorKind::Usage, "give --boot or --undo, not both");
  TRY(need_root(call));
  if (undo)
    TRY(undo_bootstrap(call.instance, purge));
  else if (boot)
    TRY(load(call.instance));
  else
    TRY(bootstrap_host(call.instance));
  return 0;
}

} // namespace jailmgr
