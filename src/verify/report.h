// What `jailctl verify` found, as values.
#pragma once

#include "base/error.h"
#include "model/ids.h"

#include <cstdint>
#include <string>
#include <vector>

namespace jails::verify {

enum class Verdict : uint8_t { Ok, Gap, Skip };
const char *to_string(Verdict verdict); // "ok", "GAP", "SKIP"

struct Row {
  std::string id;
  std::string tried;
  std::string expected;
  std::string happened;
  Verdict verdict = Verdict::Ok;
};

// A line of defence of this kernel: in use, or why not.
struct Defence {
  std::string name;
  bool active = false;
  std::string detail;
};

struct Report {
  std::string jail;
  Jid jid = 0;
  Profile profile = Profile::High;
  std::vector<Row> rows;
  std::vector<Defence> defences;
  uint64_t milliseconds = 0; // all of it

  [[nodiscard]] size_t count(Verdict verdict) const;
};

} // namespace jails::verify
