// The little of HTTP that a scrape needs: one request on a socket that inetd or systemd handed over, one answer. Pure.
#pragma once

#include "stats/format.h"

#include <optional>
#include <string>
#include <string_view>

namespace jails::stats {

struct HttpRequest {
  bool get = true;                   // false: another method than GET and HEAD
  bool body = true;                  // false: HEAD
  Exposition how = Exposition::Text; // what its Accept prefers
};

// From the request's text up to the empty line; what is cut off or makes no sense is a GET without wishes, as a person
// with telnet(1) would type it. Accept: RFC 9110, 12.5.1.
HttpRequest parse_request(std::string_view text);

// Status line and header, with the empty line.
std::string http_header(const HttpRequest &request);

} // namespace jails::stats
