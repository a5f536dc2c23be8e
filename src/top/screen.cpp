#include "top/screen.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <ncurses.h>
#include <term.h>
#include <utility>

// Of term.h, and names that ours would meet.
#undef lines
#undef columns

namespace jails::top {
namespace {

enum Pair : short { kCold = 1, kAlarm = 2 };

attr_t attribute(Style style) {
  const bool colours = has_colors();
  switch (style) {
  case Style::Heading:
  case Style::Chosen: return A_REVERSE;
  case Style::Strong: return A_BOLD;
  case Style::Quiet: return A_DIM;
  case Style::Cold: return colours ? COLOR_PAIR(kCold) : A_NORMAL;
  case Style::Alarm: return A_BOLD | (colours ? COLOR_PAIR(kAlarm) : A_NORMAL);
  case Style::Plain: break;
  }
  return A_NORMAL;
}

} // namespace

Result<Screen> Screen::open() {
  const char *term = getenv("TERM");
  int found = 0;
  // First, because newterm(3) would end the program for some of what it does not like.
  if (term == nullptr || *term == '\0') return fail(ErrorKind::Unsupported, "TERM is not set");
  if (setupterm(term, STDOUT_FILENO, &found) != OK || tigetstr("cup") == nullptr ||
      tigetstr("cup") == reinterpret_cast<char *>(-1))
    return fail(ErrorKind::Unsupported,
                fmt::format("terminal '{}' is unknown (no terminfo of it), or its cursor cannot be moved", term));
  SCREEN *terminal = newterm(nullptr, stdout, stdin);
  if (terminal == nullptr) return fail(ErrorKind::Unsupported, fmt::format("terminal '{}' cannot be used", term));
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25); // ms: what else comes of a key that begins with ESC is there by then, over ssh too
  curs_set(0);
  if (has_colors()) {
    start_color();
    use_default_colors();
    init_pair(kCold, COLOR_CYAN, -1);
    init_pair(kAlarm, COLOR_RED, -1);
  }
  return Screen(terminal);
}

Screen::Screen(Screen &&other) noexcept : terminal_(std::exchange(other.terminal_, nullptr)) {}

Screen::~Screen() {
  if (terminal_ == nullptr) return;
  endwin();
  delscreen(static_cast<SCREEN *>(terminal_));
}

int Screen::rows() const { return getmaxy(stdscr); }
int Screen::columns() const { return getmaxx(stdscr); }

void Screen::clear() { erase(); }

void Screen::line(int row, std::string_view text, Style style) {
  const auto size = std::min<size_t>(text.size(), static_cast<size_t>(columns()));
  attrset(static_cast<int>(attribute(style)));
  mvaddnstr(row, 0, text.data(), static_cast<int>(size));
  if (style == Style::Heading || style == Style::Chosen)
    for (int at = static_cast<int>(size); at < columns(); at++) mvaddch(row, at, ' ');
  attrset(static_cast<int>(A_NORMAL));
}

void Screen::show() { refresh(); }

int Screen::key() {
  const int got = getch();
  switch (got) {
  case ERR: return kNone;
  case KEY_UP: return kUp;
  case KEY_DOWN: return kDown;
  case KEY_LEFT: return kLeft;
  case KEY_RIGHT: return kRight;
  case KEY_PPAGE: return kPageUp;
  case KEY_NPAGE: return kPageDown;
  case KEY_HOME: return kHome;
  case KEY_END: return kEnd;
  case KEY_ENTER:
  case '\r':
  case '\n': return kEnter;
  case KEY_RESIZE: return kResize;
  default: return got < 256 ? got : 0;
  }
}

void Screen::leave() {
  def_prog_mode();
  endwin();
}

void Screen::come_back() {
  reset_prog_mode();
  redrawwin(stdscr);
  refresh();
}

} // namespace jails::top
