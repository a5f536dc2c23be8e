#include "cli/http.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// False: nothing came in time, or the peer is through.
bool receive_some(std::string &to, steady_clock::time_point end) {
  char buffer[2048];
  const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
  pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) != 1) return false;
  const ssize_t n = recv(STDIN_FILENO, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  to.append(buffer, static_cast<size_t>(n));
  return true;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (std::isalnum(static_cast<unsigned char>(c)) != 0) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char &c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::unexpected<Error> bad(const char *why) { return fail(ErrorKind::Usage, why); }

Result<HttpRequest> parse_line(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 3 || !is_token(words[0])) return bad("the request line is not METHOD PATH HTTP/1.1");
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0") return bad("expected HTTP/1.1");
  if (!words[1].starts_with('/')) return bad("the path does not start with '/'");
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '%' && c != '?' && c != '#'; };
  if (!std::ranges::all_of(words[1], plain)) return bad("the path has characters that none has: no '%', no '?'");
  return HttpRequest{.method = std::string(words[0]), .path = std::string(words[1])};
}

Status check_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) return bad("a header line is not NAME: VALUE");
  const auto value = trim(line.substr(colon + 1));
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return bad("a header has control characters");
  const std::string name = lower(line.substr(0, colon));
  if (name == "transfer-encoding") return bad("a body in chunks is not taken");
  if (name != "content-length" || value == "0") return {};
  if (!parse_int<uint64_t>(value)) return bad("Content-Length is not a number");
  return fail(ErrorKind::Busy, "a body is not taken");
}

} // namespace

std::string read_http_request() {
  constexpr auto kPatience = std::chrono::seconds(10);
  std::string request;
  struct stat st{};
  if (fstat(STDIN_FILENO, &st) != 0 || !S_ISSOCK(st.st_mode)) return request;
  const timeval limit{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(STDIN_FILENO, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto end = steady_clock::now() + kPatience;
  while (request.size() <= kMaxHttpHead && !request.contains("\r\n\r\n") && receive_some(request, end)) {
  }
  return request;
}

void drain_http_request() {
  constexpr size_t kMaxDrained = 1U << 20U;
  const auto end = steady_clock::now() + std::chrono::seconds(1);
  std::string rest;
  while (rest.size() < kMaxDrained && receive_some(rest, end)) {
  }
}

Result<HttpRequest> parse_http_request(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (std::min(end, text.size()) > kMaxHttpHead) return fail(ErrorKind::Busy, "the request is longer than 64 KiB");
  if (end == text.npos) return bad("the request is not complete");
  std::string_view head = text.substr(0, end);
  if (head.contains('\0')) return bad("the request has a NUL");
  HttpRequest request;
  for (bool first = true;; first = false) {
    const auto stop = head.find("\r\n");
    const auto line = head.substr(0, stop);
    if (line.contains('\n') || line.contains('\r')) return bad("a line ends with LF or CR alone");
    if (first)
      request = TRY(parse_line(line));
    else
      TRY(check_field(line));
    if (stop == head.npos) break;
    head.remove_prefix(stop + 2);
  }
  if (text.size() > end + 4) return bad("one request for each connection, without a body");
  return request;
}

} // namespace jails::cli
