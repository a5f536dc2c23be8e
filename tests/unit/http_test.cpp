#include "cli/http.h"

#include <gtest/gtest.h>
#include <optional>

namespace jails::cli {
namespace {

std::string head(std::string_view line, std::string_view fields = "Host: jails\r\nAccept: */*\r\n") {
  return std::string(line) + "\r\n" + std::string(fields) + "\r\n";
}

std::optional<ErrorKind> kind_of(const std::string &text) {
  const auto request = parse_http_request(text);
  return request ? std::nullopt : std::optional(request.error().kind());
}

TEST(HttpRequest, AsClientsSendIt) {
  const auto request = parse_http_request(head("GET /v1/jails/web HTTP/1.1"));
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/v1/jails/web");
  EXPECT_TRUE(parse_http_request("POST /v1/jails/web/stop HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(parse_http_request(head("POST / HTTP/1.1", "Content-Length: 0\r\nX: a\tb \xc3\xbc\r\n")));
  EXPECT_TRUE(parse_http_request(head("BREW /.. HTTP/1.1")));
}

TEST(HttpRequest, WhatIsNone) {
  for (const char *line : {"", " ", "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/2",
                           "GET / http/1.1", "GET v1 HTTP/1.1", "GET http://x/ HTTP/1.1", "GET /%2F HTTP/1.1",
                           "GET /a?b HTTP/1.1", "GET /a#b HTTP/1.1", "G(T / HTTP/1.1", "GET /\t HTTP/1.1",
                           "GET /\x7f HTTP/1.1", "GET /\xc3\xbc HTTP/1.1", "GET / HTTP/1.1\nX: y", "GET /\r HTTP/1.1"})
    EXPECT_EQ(kind_of((head(line))), ErrorKind::Usage) << line;
  for (const char *fields :
       {"no colon\r\n", ": x\r\n", " X: folded\r\n", "X : y\r\n",
        "X: a\x01"
        "b\r\n",
        "X: y\nEvil: z\r\n", "X: y\rz\r\n", "Transfer-Encoding: chunked\r\n", "transfer-encoding: identity\r\n",
        "Content-Length: -1\r\n", "Content-Length: 0, 0\r\n", "Content-Length: \r\n"})
    EXPECT_EQ(kind_of((head("GET / HTTP/1.1", fields))), ErrorKind::Usage) << fields;
  std::string nul = head("GET / HTTP/1.1");
  nul[5] = '\0';
  EXPECT_FALSE(parse_http_request(nul));
  EXPECT_FALSE(parse_http_request(head("GET / HTTP/1.1") + "GET / HTTP/1.1\r\n\r\n")) << "a second request";
  EXPECT_FALSE(parse_http_request("GET / HTTP/1.1\n\n"));
  const std::string whole = head("GET / HTTP/1.1");
  for (size_t size = 0; size < whole.size(); size++) EXPECT_FALSE(parse_http_request(whole.substr(0, size))) << size;
}

TEST(HttpRequest, TooMuch) {
  EXPECT_EQ(kind_of((head("POST / HTTP/1.1", "Content-Length: 5\r\n") + "hello")), ErrorKind::Busy);
  EXPECT_EQ(kind_of((head("GET /" + std::string(kMaxHttpHead, 'x') + " HTTP/1.1"))), ErrorKind::Busy);
  EXPECT_EQ(kind_of((std::string(kMaxHttpHead + 1, 'x'))), ErrorKind::Busy);
  EXPECT_TRUE(parse_http_request(head("GET /" + std::string(kMaxHttpHead - 100, 'x') + " HTTP/1.1")));
}

} // namespace
} // namespace jails::cli
