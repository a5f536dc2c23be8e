#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/table.h"
#include "view/processes.h"
#include "view/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace jailctl {

using namespace jails;

namespace {

using Rows = std::vector<std::vector<std::string>>;

void print_json(const std::vector<view::Process> &processes) {
  auto list = cli::Json::array();
  for (const auto &one : processes)
    list.push_back({{"jid", one.jid},
                    {"name", one.jail},
                    {"role", view::to_string(one.role)},
                    {"pid", one.pid},
                    {"ppid", one.ppid},
                    {"uid", one.uid},
                    {"user", one.user.empty() ? cli::Json() : cli::Json(one.user)},
                    {"state", one.state},
                    {"tty", one.tty.empty() ? cli::Json() : cli::Json(one.tty)},
                    {"cpu_seconds", static_cast<double>(one.cpu_ticks) / 100},
                    {"rss_bytes", one.rss_bytes},
                    {"threads", one.threads},
                    {"command", one.command}});
  auto out = cli::json_document("jailctl-ps-1");
  out["processes"] = std::move(list);
  cli::print_json(out);
}

void print_tabs(const std::vector<view::Process> &processes, const cli::Form &form) {
  Rows rows{{"JID", "NAME", "PID", "PPID", "USER", "STAT", "TTY", "TIME", "RSS", "THREADS", "ROLE", "COMMAND"}};
  for (const auto &one : processes)
    rows.push_back({fmt::format("{}", one.jid), one.jail, fmt::format("{}", one.pid), fmt::format("{}", one.ppid),
                    one.user.empty() ? fmt::format("{}", one.uid) : one.user, one.state, one.tty,
                    fmt::format("{}.{:02}", one.cpu_ticks / 100, one.cpu_ticks % 100), fmt::format("{}", one.rss_bytes),
                    fmt::format("{}", one.threads), std::string(view::to_string(one.role)), one.command});
  cli::print_rows(std::move(rows), form);
}

// Columns of the terminal; 0: standard output is none.
size_t width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void print_table(const std::vector<view::Process> &processes) {
  Rows rows{{"JID", "NAME", "PID", "PPID", "USER", "STAT", "TTY", "TIME", "RSS", "THR", "COMMAND"}};
  for (const auto &one : processes) {
    const auto mark = one.role == view::Role::Member ? "" : fmt::format("<{}> ", view::to_string(one.role));
    rows.push_back({fmt::format("{}", one.jid), one.jail, fmt::format("{}", one.pid), fmt::format("{}", one.ppid),
                    one.user.empty() ? fmt::format("{}", one.uid) : one.user, one.state,
                    one.tty.empty() ? "?" : one.tty, view::time_text(one.cpu_ticks), view::size_text(one.rss_bytes),
                    fmt::format("{}", one.threads), view::indent(one.depth) + mark + one.command});
  }
  const size_t columns = width();
  const std::string text = cli::align(rows);
  for (const auto line : split(text, '\n'))
    if (!line.empty()) fmt::print("{}\n", columns == 0 ? line : view::cut(line, columns));
}

} // namespace

Result<int> ps(const Call &call) {
  constexpr std::string_view kUsage = "jailctl ps [-T [-H] | -j] [jail ...]";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form);
  const auto parsed = TRY(parse(call, kUsage,
                                "The processes of the jails, each jail's as a tree below its supervisor, which is a "
                                "process of the host.\nOn a terminal lines are cut at its width.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(cli::check_form(form));
  TRY(need_root(call));
  const auto processes = TRY(view::processes_of(call.instance, TRY(cli::selected_rows(call, parsed.operands))));
  if (form.json)
    print_json(processes);
  else if (form.tabs)
    print_tabs(processes, form);
  else if (processes.empty())
    fmt::print("no processes\n");
  else
    print_table(processes);
  return 0;
}

} // namespace jailctl
