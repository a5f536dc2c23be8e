#include "stats/http.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace jails::stats {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](char c) { return std::tolower(static_cast<unsigned char>(c)); },
      [](char c) { return std::tolower(static_cast<unsigned char>(c)); });
}

// Of "text/plain;version=0.0.4;q=0.5"; 1 where it says nothing.
double quality(std::string_view range) {
  for (auto parameter : split(range, ';')) {
    parameter = trim(parameter);
    if (parameter.size() < 2 || !same_word(parameter.substr(0, 2), "q=")) continue;
    double value = 0;
    std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), value);
    return value;
  }
  return 1;
}

Exposition preferred(std::string_view accept) {
  double open = 0;
  double text = 0;
  for (const auto range : split(accept, ',')) {
    const auto type = trim(range.substr(0, range.find(';')));
    if (same_word(type, "application/openmetrics-text")) open = std::max(open, quality(range));
    if (same_word(type, "text/plain")) text = std::max(text, quality(range));
  }
  return open > 0 && open >= text ? Exposition::OpenMetrics : Exposition::Text;
}

} // namespace

HttpRequest parse_request(std::string_view text) {
  HttpRequest request;
  auto lines = split(text.substr(0, std::min(text.find("\r\n\r\n"), text.size())), '\n');
  const auto method = lines[0].substr(0, lines[0].find(' '));
  request.body = method != "HEAD";
  request.get = method == "GET" || method == "HEAD" || lines[0].find(' ') == lines[0].npos;
  for (size_t i = 1; i < lines.size(); i++) {
    const auto line = trim(lines[i]);
    const auto colon = line.find(':');
    if (colon != line.npos && same_word(line.substr(0, colon), "accept"))
      request.how = preferred(line.substr(colon + 1));
  }
  return request;
}

// The header of the original, for what the original answers.
std::string http_header(const HttpRequest &request) {
  if (!request.get) return "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n";
  return std::string("HTTP/1.1 200 OK\r\nContent-Type: ") +
         (request.how == Exposition::OpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                 : "text/plain") +
         "\r\n\r\n";
}

} // namespace jails::stats
