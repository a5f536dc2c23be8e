#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "stats/format.h"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace jailctl {

using namespace jails;

namespace {

// Under inetd standard input is the connection. Closing it with the request unread would reset it and lose the answer.
void read_http_request() {
  struct stat st{};
  if (fstat(0, &st) != 0 || !S_ISSOCK(st.st_mode)) return;
  std::string request;
  char buffer[2048];
  while (request.size() < 65536 && request.find("\r\n\r\n") == std::string::npos) {
    pollfd ready{.fd = 0, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 5000) != 1) return;
    const ssize_t n = recv(0, buffer, sizeof buffer, 0);
    if (n <= 0) return;
    request.append(buffer, static_cast<size_t>(n));
  }
}

} // namespace

Result<int> stats(const Call &call) {
  constexpr std::string_view kUsage = "jailctl stats [-v | -P [-h] | -T [-H]] [jail ...]";
  bool verbose = false;
  bool prometheus = false;
  bool http = false;
  bool tabs = false;
  bool bare = false;
  std::vector<Option> options;
  options.push_back({'v', "verbose", nullptr, "threads and root as well", set_flag(verbose), true});
  options.push_back({'P', "prometheus", nullptr, "Prometheus text format", set_flag(prometheus), true});
  options.push_back({'h', "http", nullptr, "with an HTTP header before it, for inetd; with -P", set_flag(http), true});
  options.push_back({'T', "tsv", nullptr, "tab-separated, stable columns", set_flag(tabs), true});
  options.push_back({'H', "no-header", nullptr, "without the header line; with -T", set_flag(bare), true});
  const auto parsed = TRY(parse(
      call, kUsage, "What each jail uses, counted by the kernel. CPU1S: ticks of 1/100 s in the last full second.",
      std::move(options)));
  if (parsed.help) return 0;
  if (http && !prometheus) return fail(ErrorKind::Usage, "-h needs -P");
  if (bare && !tabs) return fail(ErrorKind::Usage, "-H needs -T");
  if (prometheus + tabs + verbose > 1) return fail(ErrorKind::Usage, "-v, -P and -T exclude each other");
  TRY(need_root(call));
  auto usage = TRY(TRY(Telemetry::open(call.instance)).snapshot());
  if (!parsed.operands.empty()) {
    std::vector<std::string> names;
    for (auto operand : parsed.operands) names.push_back(TRY(selected_jail(call, operand)).str());
    std::erase_if(usage,
                  [&](const JailUsage &jail) { return std::ranges::find(names, jail.jail.name) == names.end(); });
  }
  if (http) {
    read_http_request();
    fmt::print("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
  }
  if (prometheus)
    fmt::print("{}", jails::stats::prometheus(usage));
  else if (tabs)
    fmt::print("{}", jails::stats::tab_separated(usage, !bare));
  else
    fmt::print("{}", jails::stats::table(usage, verbose));
  return 0;
}

} // namespace jailctl
