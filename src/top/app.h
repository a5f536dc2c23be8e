// jailctl top, apart from the terminal's own matters: what is chosen and unfolded, what a key does, what is drawn.
#pragma once

#include "top/act.h"
#include "top/sample.h"
#include "top/screen.h"

#include <csignal>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace jails::top {

class App {
public:
  App(const Instance &instance, Screen &screen, unsigned seconds)
      : sampler_(instance), screen_(&screen), seconds_(seconds) {}

  // Until the person quits, or a handler sets `ended`. waiting: the signals to let in while there is nothing to do.
  Status run(const volatile sig_atomic_t &ended, const sigset_t &waiting);

private:
  void look();
  void draw();
  void draw_rows(int first_row, int count, const std::vector<Column> &columns);
  [[nodiscard]] std::string jail_text(const Row &row, bool chosen, const std::vector<Column> &columns) const;
  void draw_help();
  bool key(int key, const volatile sig_atomic_t &ended); // false: quit
  void move(int key);
  void ask(Act act);
  void act(Act act);
  void shell(const volatile sig_atomic_t &ended);
  void say(std::string text, bool alarm);
  void choose(size_t row);
  void sort_by(int step);
  [[nodiscard]] const Line *chosen_line() const;
  void layout(); // rows_ from lines_

  Sampler sampler_;
  Screen *screen_;
  unsigned seconds_;
  std::vector<Line> lines_;
  std::vector<Row> rows_; // into lines_
  std::set<std::string> unfolded_;
  Chosen chosen_;
  size_t place_ = 0, top_ = 0; // the chosen row, and the first one on the screen
  Column by_ = Column::Cpu;
  bool turned_ = false, help_ = false;
  std::optional<Running> running_;
  bool asking_ = false; // whether to stop the chosen jail
  std::string message_;
  bool alarm_ = false;
};

} // namespace jails::top
