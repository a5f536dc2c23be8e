#include "jailctl/verb.h"

#include "base/text.h"

#include <cstdio>
#include <string_view>
#include <fmt/format.h>

namespace {

using namespace jailctl;

constexpr Verb kVerbs[] = {
    {"create", "register a jail (no process yet)", create},
    {"supervise", "run a jail's command in the background, restarting it", supervise},
    {"exec", "run a command, or a shell, in a jail", exec},
    {"run", "run one command in a transient jail", run},
    {"stop", "stop a jail's processes; it stays registered", stop},
    {"destroy", "unregister a jail", destroy},
    {"list", "list the jails", list},
    {"stats", "what each jail uses, also for Prometheus", stats},
    {"features", "what this kernel can guard, found by trying", features},
    {"load", "load secmodel_jail into the kernel", load},
    {"unload", "take secmodel_jail out of the kernel", unload},
};

void print_usage(FILE *to) {
  fmt::print(to, "usage: jailctl verb [options] ...\n\n");
  for (const auto &verb : kVerbs) fmt::print(to, "  {:<10} {}\n", verb.name, verb.summary);
  fmt::print(to, "\n'jailctl help verb' describes a verb; jailctl(8) all of them.\n");
}

int report(const jails::Error &error) {
  fmt::print(stderr, "jailctl: {}\n", error.text());
  return error.kind() == jails::ErrorKind::Usage ? 2 : 1;
}

int run_verb(std::string_view name, int argc, char **argv) {
  for (const auto &verb : kVerbs) {
    if (name != verb.name) continue;
    const auto instance = jails::Instance::from_environment();
    if (!instance) return report(instance.error());
    const auto status = verb.run({*instance, argc, argv});
    return status ? *status : report(status.error());
  }
  fmt::print(stderr, "jailctl: unknown verb '{}'; see 'jailctl help'\n", jails::printable(name));
  return 2;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    print_usage(stderr);
    return 2;
  }
  const std::string_view verb = argv[1];
  if (verb == "--version" || verb == "version") {
    fmt::print("jailctl {}\n", JAILS_VERSION);
    return 0;
  }
  if (verb == "help" || verb == "--help" || verb == "-h") {
    if (argc == 2) {
      print_usage(stdout);
      return 0;
    }
    char help[] = "--help";
    char *call[] = {argv[2], help, nullptr};
    return run_verb(argv[2], 2, call);
  }
  return run_verb(verb, argc - 1, argv + 1);
}
