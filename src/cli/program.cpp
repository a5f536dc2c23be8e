#include "cli/program.h"

#include "base/text.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace jails::cli {
namespace {

void print_usage(const char *program, std::span<const Verb> verbs, FILE *to) {
  fmt::print(to, "usage: {} verb [options] ...\n\n", program);
  for (const auto &verb : verbs) fmt::print(to, "  {:<10} {}\n", verb.name, verb.summary);
  fmt::print(to, "\n'{0} help verb' describes a verb; {0}(8) all of them.\n", program);
}

// A caller may have closed some of them; a file or socket of ours in such a place would be taken for a standard stream.
void fill_standard_streams() {
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", O_RDWR); // the lowest free number, so this one
}

int run_verb(const char *program, std::span<const Verb> verbs, std::string_view name, int argc, char **argv) {
  for (const auto &verb : verbs) {
    if (name != verb.name) continue;
    const auto instance = Instance::from_environment();
    if (!instance) return report(program, instance.error());
    const auto status = verb.run({program, *instance, argc, argv});
    return status ? *status : report(program, status.error());
  }
  fmt::print(stderr, "{0}: unknown verb {1}; see '{0} help'\n", program, in_quotes(name));
  return 2;
}

} // namespace

int report(const char *program, const Error &error) {
  fflush(stdout); // in the order in which it happened, also where both go to one file
  fmt::print(stderr, "{}: {}\n", program, error.text());
  return error.kind() == ErrorKind::Usage ? 2 : 1;
}

int run_program(const char *program, std::span<const Verb> verbs, int argc, char **argv) {
  fill_standard_streams();
  if (argc < 2) {
    print_usage(program, verbs, stderr);
    return 2;
  }
  const std::string_view verb = argv[1];
  if (verb == "--version" || verb == "version") {
    fmt::print("{} {}\n", program, JAILS_VERSION);
    return 0;
  }
  if (verb == "help" || verb == "--help" || verb == "-h") {
    if (argc == 2) {
      print_usage(program, verbs, stdout);
      return 0;
    }
    char help[] = "--help";
    char *call[] = {argv[2], help, nullptr};
    return run_verb(program, verbs, argv[2], 2, call);
  }
  return run_verb(program, verbs, verb, argc - 1, argv + 1);
}

} // namespace jails::cli
