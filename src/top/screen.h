// The terminal, by ncurses: opened, drawn on, and given back as it was when the object goes.
#pragma once

#include "base/error.h"

#include <string_view>

namespace jails::top {

enum class Style : uint8_t { Plain, Heading, Chosen, Strong, Quiet, Cold, Alarm }; // colour never says it alone

// What a key means; anything else is the character itself.
enum Key : int { kNone = -1, kUp = 1000, kDown, kLeft, kRight, kPageUp, kPageDown, kHome, kEnd, kEnter, kResize };

class Screen {
public:
  // Unsupported: the terminal (TERM) is unknown, or has no cursor that could be moved.
  static Result<Screen> open();
  Screen(Screen &&other) noexcept;
  Screen &operator=(Screen &&) = delete;
  ~Screen();

  [[nodiscard]] int rows() const;
  [[nodiscard]] int columns() const;
  void clear();                                           // begins a picture
  void line(int row, std::string_view text, Style style); // cut at the width; text is plain()
  void show();                                            // what has changed
  int key();                                              // kNone: there is none now

  void leave(); // the terminal is somebody else's
  void come_back();

private:
  explicit Screen(void *terminal) : terminal_(terminal) {}
  void *terminal_; // SCREEN; null: moved from
};

} // namespace jails::top
