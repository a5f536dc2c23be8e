#include "top/app.h"

#include "base/text.h"
#include "view/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace jails::top {
namespace {

constexpr int kLeastColumns = 60, kLeastRows = 6;
constexpr int kFrame = 3; // summary, heading, last line
constexpr std::string_view kKeys = "q quit  ? help  space unfold  <> sort  s start  x stop  f freeze  t thaw  e exec";

uint64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

std::string clock_text() {
  const time_t now = time(nullptr);
  tm parts{};
  std::array<char, 16> text{};
  localtime_r(&now, &parts);
  strftime(text.data(), text.size(), "%H:%M:%S", &parts);
  return text.data();
}

std::string summary(std::span<const Line> lines, unsigned seconds) {
  size_t up = 0, frozen = 0;
  double cpu = 0;
  uint64_t memory = 0;
  for (const auto &line : lines) {
    if (line.state == "up") up++;
    if (line.state == "frozen") frozen++;
    cpu += line.cpu_percent.value_or(0);
    memory += line.memory_bytes.value_or(0);
  }
  return fmt::format("{}  jails: {} up, {} frozen, {} down  CPU {:.1f}%  MEM {}  every {} s", clock_text(), up, frozen,
                     lines.size() - up - frozen, cpu, view::size_text(memory), seconds);
}

std::string padded(std::string_view text, const Head &head) {
  const auto width = static_cast<size_t>(head.width);
  const std::string cut = plain(text, width);
  return head.right ? fmt::format("{:>{}}", cut, width) : fmt::format("{:<{}}", cut, width);
}

constexpr std::string_view kProcessHeading = "       PID USER      STAT      TIME   RES THR COMMAND";
std::string process_text(const view::Process &one, bool chosen) {
  const std::string role = one.role == view::Role::Member ? "" : fmt::format("<{}> ", view::to_string(one.role));
  return plain(fmt::format("{} {:>8} {:<9.9} {:<4} {:>9} {:>5} {:>3} {}{}{}", chosen ? '>' : ' ', one.pid,
                           one.user.empty() ? fmt::format("{}", one.uid) : one.user, one.state,
                           view::time_text(one.cpu_ticks), view::size_text(one.rss_bytes), one.threads,
                           view::indent(one.depth), role, one.command),
               1024);
}

} // namespace

void App::say(std::string text, bool alarm) {
  message_ = std::move(text);
  alarm_ = alarm;
}

void App::look() {
  auto lines = sampler_.look();
  if (!lines) {
    say(lines.error().text(), true);
    lines_.clear();
  } else {
    lines_ = std::move(*lines);
  }
  layout();
}

void App::layout() {
  sort(lines_, by_, turned_);
  rows_ = rows_of(lines_, unfolded_);
  choose(find_row(rows_, chosen_, place_));
}

void App::choose(size_t row) {
  place_ = rows_.empty() ? 0 : std::min(row, rows_.size() - 1);
  chosen_ = {};
  if (rows_.empty()) return;
  const Row &at = rows_[place_];
  chosen_ = {.jail = at.line->name, .pid = at.process != nullptr ? at.process->pid : 0};
}

const Line *App::chosen_line() const { return rows_.empty() ? nullptr : rows_[place_].line; }

std::string App::jail_text(const Row &row, bool chosen, const std::vector<Column> &columns) const {
  std::string text;
  for (const auto column : columns) {
    std::string shown = cell(*row.line, column);
    if (column == Column::Name)
      shown = fmt::format("{}{} {}", chosen ? '>' : ' ',
                          row.line->tree.empty()               ? ' '
                          : unfolded_.contains(row.line->name) ? '-'
                                                               : '+',
                          shown);
    text += padded(shown, head(column)) + " ";
  }
  return text;
}

void App::draw_rows(int first_row, int count, const std::vector<Column> &columns) {
  const auto visible = static_cast<size_t>(count);
  if (place_ < top_) top_ = place_;
  if (place_ >= top_ + visible) top_ = place_ - visible + 1;
  if (rows_.size() <= visible) top_ = 0;
  for (size_t i = 0; i < visible && top_ + i < rows_.size(); i++) {
    const Row &row = rows_[top_ + i];
    const bool chosen = top_ + i == place_;
    const Style style = chosen                                                               ? Style::Chosen
                        : row.process != nullptr                                             ? Style::Plain
                        : row.line->state == "frozen"                                        ? Style::Cold
                        : row.line->state == "up" && row.line->cpu_percent.value_or(0) >= 80 ? Style::Strong
                        : row.line->state == "up"                                            ? Style::Plain
                                                                                             : Style::Quiet;
    screen_->line(first_row + static_cast<int>(i),
                  row.process != nullptr ? process_text(*row.process, chosen) : jail_text(row, chosen, columns), style);
  }
}

void App::draw_help() {
  constexpr std::array kLines{
      "up, down, k, j, page, home, end   choose a jail or process",
      "space, enter                      unfold a jail to its processes, fold it",
      "< >                               sort by the column to the left, to the right",
      "r                                 turn the order around",
      "s                                 start the jail, where it is jailmgr's",
      "x                                 stop it, after a question",
      "f, t                              freeze it, thaw it",
      "e                                 a shell in it (jailctl exec)",
      "q, Ctrl-C                         quit",
      "",
      "CPU% is of one CPU. MEM is what the memory controller charges, or what is",
      "resident where none is in use. '-': not counted, or not known yet.",
      "",
      "any key                           back",
  };
  int row = 0;
  for (const auto *text : kLines) screen_->line(row++, text, Style::Plain);
}

void App::draw() {
  screen_->clear();
  const int rows = screen_->rows(), columns = screen_->columns();
  if (rows < kLeastRows || columns < kLeastColumns) {
    screen_->line(0, fmt::format("{}x{}: too small, top needs {}x{}", columns, rows, kLeastColumns, kLeastRows),
                  Style::Plain);
  } else if (help_) {
    draw_help();
  } else {
    const auto shown = columns_for(columns);
    screen_->line(0, summary(lines_, seconds_), Style::Plain);
    std::string heading;
    for (const auto column : shown) {
      const auto title =
          column == Column::Name ? fmt::format("   {}", head(column).title) : std::string(head(column).title);
      heading += padded(column == by_ ? (head(column).right ? "*" + title : title + "*") : title, head(column)) + " ";
    }
    const bool process = !rows_.empty() && rows_[place_].process != nullptr;
    screen_->line(1, process ? std::string(kProcessHeading) : heading, Style::Heading);
    if (lines_.empty()) screen_->line(2, "no jails", Style::Plain);
    draw_rows(2, rows - kFrame, shown);
    if (asking_)
      screen_->line(rows - 1, fmt::format("stop jail {}? y or n", chosen_.jail), Style::Strong);
    else if (running_)
      screen_->line(rows - 1, plain(running_->title() + " ...", 1024), Style::Strong);
    else if (!message_.empty())
      screen_->line(rows - 1, plain(message_, 1024), alarm_ ? Style::Alarm : Style::Strong);
    else
      screen_->line(rows - 1, kKeys, Style::Quiet);
  }
  screen_->show();
}

void App::move(int key) {
  const auto page = static_cast<size_t>(std::max(1, screen_->rows() - kFrame));
  size_t to = place_;
  if (key == kUp && to > 0) to--;
  if (key == kDown) to++;
  if (key == kPageUp) to -= std::min(to, page);
  if (key == kPageDown) to += page;
  if (key == kHome) to = 0;
  if (key == kEnd) to = rows_.size();
  choose(to);
}

void App::sort_by(int step) {
  const auto shown = columns_for(screen_->columns());
  const auto at = std::ranges::find(shown, by_);
  const auto index = at == shown.end() ? 0 : static_cast<int>(at - shown.begin());
  const int count = static_cast<int>(shown.size());
  if (count == 0) return;
  by_ = shown[static_cast<size_t>((index + step + count) % count)];
  turned_ = false;
  layout();
}

void App::act(Act act) {
  const Line *line = chosen_line();
  if (line == nullptr) return;
  if (running_) return say(running_->title() + " is under way", true);
  auto command = command_for(act, *line);
  if (!command) return say(command.error().text(), true);
  auto running = Running::start(std::move(*command));
  if (!running) return say(running.error().text(), true);
  running_ = std::move(*running);
}

void App::shell(const volatile sig_atomic_t &ended) {
  const Line *line = chosen_line();
  if (line == nullptr) return;
  const std::string name = line->name;
  if (line->state != "up") return say(fmt::format("jail {} is {}", name, line->state), true);
  screen_->leave();
  const auto status = exec_shell(name, ended);
  screen_->come_back();
  if (!status)
    say(status.error().text(), true);
  else
    say(fmt::format("jailctl exec {}: exit status {}", name, *status), false);
}

bool App::key(int key, const volatile sig_atomic_t &ended) {
  if (key == kResize) return true;
  if (help_) return !(std::exchange(help_, false) && key == 'q');
  if (std::exchange(asking_, false)) {
    if (key == 'y') act(Act::Stop);
    return true;
  }
  message_.clear();
  switch (key) {
  case 'q': return false;
  case '?':
  case 'h': help_ = true; break;
  case 'k': move(kUp); break;
  case 'j': move(kDown); break;
  case ' ':
  case kEnter:
    if (rows_.empty()) break;
    if (unfolded_.erase(chosen_.jail) == 0) unfolded_.insert(chosen_.jail);
    chosen_.pid = 0;
    layout();
    break;
  case kLeft:
  case '<': sort_by(-1); break;
  case kRight:
  case '>': sort_by(1); break;
  case 'r':
    turned_ = !turned_;
    layout();
    break;
  case 's': act(Act::Start); break;
  case 'x':
    if (const Line *line = chosen_line(); line != nullptr) {
      if (const auto command = command_for(Act::Stop, *line))
        asking_ = true;
      else
        say(command.error().text(), true);
    }
    break;
  case 'f': act(Act::Freeze); break;
  case 't': act(Act::Thaw); break;
  case 'e': shell(ended); break;
  default: move(key); break;
  }
  return true;
}

Status App::run(const volatile sig_atomic_t &ended, const sigset_t &waiting) {
  look();
  uint64_t next = monotonic_ms() + std::min(seconds_, 1U) * 1000; // rates need a second look: soon
  while (ended == 0) {
    draw();
    const uint64_t now = monotonic_ms();
    const uint64_t left = next > now ? next - now : 0;
    const timespec timeout{.tv_sec = static_cast<time_t>(left / 1000),
                           .tv_nsec = static_cast<long>(left % 1000) * 1000000};
    std::array<pollfd, 2> ready{{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                 {.fd = running_ ? running_->fd() : -1, .events = POLLIN, .revents = 0}}};
    if (ppoll(ready.data(), ready.size(), &timeout, &waiting) < 0 && errno != EINTR) return fail_errno("poll");
    if (ended != 0) break;
    if ((ready[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) break; // the terminal has gone
    bool again = monotonic_ms() >= next;
    for (int got = screen_->key(); got != kNone; got = screen_->key()) {
      if (!key(got, ended)) return {};
      again |= got == 'e';
    }
    if (running_ && running_->take()) {
      say(running_->result(), false);
      running_.reset();
      again = true;
    }
    if (!again) continue;
    look();
    next = monotonic_ms() + seconds_ * 1000ULL;
  }
  return {};
}

} // namespace jails::top
