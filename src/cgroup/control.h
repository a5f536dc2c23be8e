// Limits as texts of control files: what to write where, whether what is read back means the same, and what the
// kernel's counters say. No I/O.
#pragma once

#include "model/limits.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails::cgroup {

enum class ReadBack : uint8_t {
  Text,   // as written, but for blanks
  Size,   // bytes, rounded down to pages; -1 is the largest
  Device, // one line for each device that has a limit
};

struct Write {
  const char *file;
  std::string value;
  ReadBack how = ReadBack::Text;
};
// Does the file's text say what was written? A limit that was taken away has no line, or "max".
bool reads_back(const Write &write, std::string_view text);

// One limit, and how each kind of hierarchy holds it. A reason says why v1 cannot.
struct Setting {
  const char *limit; // as in LimitKey
  const char *controller;
  std::vector<Write> v1, v2;       // what to write, in this order
  const char *v1_reason = nullptr; // v2 has them all
  bool reset = false;              // takes a limit away: nothing to do where none could be
  bool elsewhere = false;          // held by other means too: nothing to do where no hierarchy has anything for it
};

// IoLimit with the device found: "8:0".
struct DeviceRates {
  std::string number;
  IoLimit rates;
};

struct Wanted {
  const Limits &limits;
  std::vector<DeviceRates> io;
};
// Everything that `to` sets, and what takes away what only `from` sets. files is not among it: that is a limit of each
// process.
std::vector<Setting> settings_of(const Wanted &to, const Wanted *from = nullptr);

// "KEY VALUE" lines, as in memory.events and cpu.stat.
std::optional<uint64_t> keyed_value(std::string_view text, std::string_view key);
// A file with one number; "max" and what is beyond 2^62 is no number.
std::optional<uint64_t> single_value(std::string_view text);
// Bytes or operations of a device: v2 io.stat, or v1 blkio.throttle.io_service_bytes and io_serviced.
std::optional<uint64_t> device_value(std::string_view text, std::string_view number, std::string_view key);

// The same of all devices together; 0 where nothing was read or written yet.
uint64_t sum_of_devices(std::string_view text, std::string_view key);

// A line of a pressure file: "some avg10=0.00 avg60=0.12 avg300=1.50 total=12345".
struct Stall {
  double avg10 = 0, avg60 = 0, avg300 = 0; // per cent of the time
  uint64_t total_us = 0;
};
std::optional<Stall> stall(std::string_view text, std::string_view line);

} // namespace jails::cgroup
