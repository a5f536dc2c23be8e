// What a supervised command may be: writes BYTES in lines of LINE bytes as fast as they are taken, and leaves in FILE
// how many lines these were and how many seconds it took. bench/run runs it in a jail.
#include "base/text.h"
#include "measure.h"

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace {

using namespace jails;
using namespace jails::bench;

constexpr size_t kChunk = 64U << 10U;

Status write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0) return fail_errno("standard output");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Each line has a number of 12 digits in front, so that a lost one would be missed.
Status write_lines(uint64_t bytes, size_t line, const char *file) {
  std::string chunk;
  uint64_t number = 0;
  const double began = now_seconds();
  for (uint64_t done = 0; done < bytes; done += chunk.size()) {
    chunk.clear();
    while (chunk.size() + line <= kChunk) {
      char digits[13];
      uint64_t left = number++;
      for (size_t i = 12; i > 0; i--, left /= 10) digits[i - 1] = static_cast<char>('0' + left % 10);
      chunk.append(digits, 12).append(line - 13, 'x').push_back('\n');
    }
    TRY(write_all(chunk));
  }
  const double seconds = now_seconds() - began;
  const std::string partial = std::string(file) + ".part";
  FILE *out = fopen(partial.c_str(), "w");
  if (out == nullptr) return fail_errno(partial);
  fmt::print(out, "{} {}\n", number, seconds);
  fclose(out);
  if (rename(partial.c_str(), file) != 0) return fail_errno(file);
  return {};
}

Status run(int argc, char **argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--write") {
    const auto bytes = TRY(parse_size(argv[2]));
    const auto line = TRY(parse_size(argv[3]));
    if (line < 14 || line > kChunk) return fail(ErrorKind::Usage, "a line has 14 bytes to 64K");
    return write_lines(bytes, line, argv[4]);
  }
  return fail(ErrorKind::Usage, "jails_bench_log --write BYTES LINE FILE");
}

} // namespace

int main(int argc, char **argv) {
  const auto done = run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "jails_bench_log: {}\n", done.error().text());
  return done.error().kind() == ErrorKind::Usage ? 2 : 1;
}
