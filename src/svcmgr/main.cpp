// svcmgr: several services in one jail. It is the jail's command, and content of the jail: nothing on the host knows of
// it.
#include "svcmgr/config.h"
#include "svcmgr/manager.h"

#include "base/options.h"
#include "base/text.h"

#include <fmt/format.h>

namespace {

using namespace jails;

constexpr std::string_view kUsage =
    "svcmgr [-c file] [-d directory] [-s socket] [run | check | status [-j] | start|stop|restart service ...]";
constexpr std::string_view kAbout =
    "Runs the services of a jail, each in a session of its own, and starts them again when they end. Their output\n"
    "goes on line by line, with the name of the service before it. Without a word it runs; 'check' reads the\n"
    "configuration and ends; the others speak to the one that runs, from the host as 'jailctl exec JAIL svcmgr "
    "status'.";

struct Words {
  std::string_view list = "/etc/svcmgr.conf", directory = "/etc/svcmgr.d", socket = "/run/svcmgr.sock";
  bool json = false, help = false;
};

std::vector<Option> options_of(Words &words) {
  std::vector<Option> options;
  options.push_back({'c', "config", "FILE", "lines of 'NAME COMMAND', run by /bin/sh -c (/etc/svcmgr.conf)",
                     set_text(words.list), true});
  options.push_back(
      {'d', "directory", "DIRECTORY", "a file for each service (/etc/svcmgr.d)", set_text(words.directory), true});
  options.push_back({'s', "socket", "PATH", "where it answers (/run/svcmgr.sock)", set_text(words.socket), true});
  options.push_back({'j', "json", nullptr, "JSON, of status", set_flag(words.json), true});
  options.push_back({'h', "help", nullptr, "this help", set_flag(words.help), true});
  return options;
}

Status act(std::span<const std::string_view> operands, const Words &words) {
  const std::string_view verb = operands.empty() ? "run" : operands[0];
  const auto load = [&] { return svcmgr::load(std::string(words.list), std::string(words.directory)); };
  const bool known =
      verb == "run" || verb == "check" || verb == "status" || verb == "start" || verb == "stop" || verb == "restart";
  const bool wants_names = verb == "start" || verb == "stop" || verb == "restart";
  if (wants_names && operands.size() < 2)
    return fail(ErrorKind::Usage, fmt::format("{}: name a service, or several; 'svcmgr status' lists them", verb));
  if (!known || wants_names != (operands.size() > 1) || (words.json && verb != "status"))
    return fail(ErrorKind::Usage, fmt::format("usage: {}", kUsage));
  if (verb == "check") {
    for (const auto &service : TRY(load())) fmt::print("{}\n", service.name);
    return {};
  }
  if (verb == "run") return TRY(svcmgr::Manager::create(TRY(load()), std::string(words.socket))).run();
  std::vector<std::string> request(operands.begin(), operands.end());
  if (words.json) request[0] = "status-json";
  fmt::print("{}", TRY(svcmgr::ask(std::string(words.socket), request)));
  return {};
}

Status run(int argc, char **argv) {
  Words words;
  auto options = options_of(words);
  const auto operands = TRY(parse_options(kUsage, options, argc, argv));
  if (!words.help) return act(operands, words);
  fmt::print("{}", help_text(kUsage, kAbout, options));
  return {};
}

} // namespace

int main(int argc, char **argv) {
  const Status done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "svcmgr: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
