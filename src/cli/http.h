// One HTTP/1.1 request on the socket that inetd(8) or a systemd socket made standard input.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace jails::cli {

inline constexpr size_t kMaxHttpHead = 65536;

// Up to the empty line, and what came with it: as much as arrives within 10 s, kMaxHttpHead bytes and a little at most.
// Nothing when standard input is no socket. From then on a peer that does not read holds us for 10 s at most.
std::string read_http_request();

// Reads what else the peer sends, a second and 1 MiB at most: closing with bytes unread would reset the connection,
// and lose the answer.
void drain_http_request();

struct HttpRequest {
  std::string method; // "GET"
  std::string path;   // starts with '/', printable, without '%', '?' and '#'
};

// To the letter (RFC 9112): CRLF, no control characters, nothing behind the empty line, no body. Usage: it is none.
// Busy: it has a body, or a head of more than kMaxHttpHead bytes.
Result<HttpRequest> parse_http_request(std::string_view text);

} // namespace jails::cli
