// Our own standard streams, and how each reaches a command in a jail. Only anonymous pipes go in as they are; /dev/null
// becomes the jail's; a terminal becomes a pty of the jail with us between; anything else (file, socket, device) is
// carried through a pipe, so that no open file of the host can be chmodded, truncated or talked through from inside.
#pragma once

#include "anchor/protocol.h"
#include "base/error.h"
#include "base/fd.h"
#include "supervise/event_loop.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <termios.h>
#include <vector>

namespace jails {

class Streams {
public:
  // pipes: ours go in as they are; or what goes in are pipes that take() brings.
  enum class Pipes : uint8_t { Ours, Brought };
  static Result<Streams> of_this_process(Pipes pipes = Pipes::Ours);
  Streams(Streams &&) = default;
  Streams &operator=(Streams &&) = delete;
  ~Streams() { restore_terminal(); }

  [[nodiscard]] const std::array<anchor::Stdio, 3> &stdio() const { return stdio_; }
  [[nodiscard]] const std::vector<int> &descriptors() const { return descriptors_; } // for each Stdio::Descriptor
  [[nodiscard]] bool has_terminal() const;
  [[nodiscard]] bool needs_carrying() const { return has_terminal() || !carriers_.empty(); }
  // Of the terminal; 24 x 80 where there is none.
  [[nodiscard]] std::pair<uint32_t, uint32_t> window() const;

  [[nodiscard]] bool awaits_pipes() const { return brought_ && !carriers_.empty(); }
  // Our ends of what was brought.
  Status take(std::vector<Fd> ends);

  // After the command has its descriptors: closes our copies, puts our terminal into raw mode, starts to carry.
  Status attach(supervise::EventLoop &loop, Fd master);
  void window_changed();
  // The command has ended: carries what is left and puts the terminal back.
  void finish();

private:
  struct Carrier {
    int slot;
    Fd jail_end; // the command's end of the pipe, until it has it
    Fd our_end;
    bool done = false;
  };
  // What goes in: from descriptor 0 to a pipe or the pty. Never waits for the command to read, which may itself be
  // waiting for us to take its output.
  struct Input {
    Fd to;
    bool polled = true;   // epoll takes no regular files: those are always ready
    bool waiting = false; // for room in `to`, rather than for something to read
    std::string pending{};
  };
  Streams() = default;
  Status prepare(int slot);
  void carry(Carrier &carrier);
  void from_master();
  Status start_input(Fd to);
  void pump_input();
  Status wait_for_room(bool room);
  void end_input();
  void restore_terminal();

  std::array<anchor::Stdio, 3> stdio_{};
  std::vector<int> descriptors_;
  std::vector<std::unique_ptr<Carrier>> carriers_;
  supervise::EventLoop *loop_ = nullptr;
  Fd master_;
  bool brought_ = false;
  int terminal_ = -1; // ours
  int terminal_out_ = -1;
  std::optional<termios> saved_;
  std::optional<Input> input_;
};

} // namespace jails
