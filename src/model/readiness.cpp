#include "model/readiness.h"

#include "base/text.h"
#include "model/spec.h"

#include <fmt/format.h>

namespace jails {
namespace {

// Words that split_command() reads back as they are.
std::string quoted(const std::vector<std::string> &words) {
  std::string text;
  for (const auto &word : words) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`") == word.npos;
    text += text.empty() ? "" : " ";
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

} // namespace

Result<Readiness> parse_readiness(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const auto rest = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  Readiness ready;
  if (text == "running") return ready;
  if (text == "healthy") {
    ready.kind = Readiness::Kind::Healthy;
    return ready;
  }
  if (kind == "port" && !rest.empty()) {
    ready.kind = Readiness::Kind::Port;
    ready.port = TRY(parse_port(rest));
    return ready;
  }
  if (kind == "file" && !rest.empty()) {
    TRY(check_path("file", rest, kBindPathMax));
    ready.kind = Readiness::Kind::File;
    ready.file = rest;
    return ready;
  }
  if (kind == "command" && !rest.empty()) {
    ready.kind = Readiness::Kind::Command;
    ready.command = TRY(split_command(rest));
    if (ready.command.empty()) return fail(ErrorKind::Usage, "the command is empty");
    TRY(check_command(ready.command));
    return ready;
  }
  if (kind == "alive") {
    const auto seconds = parse_int<uint32_t>(rest);
    if (!seconds || *seconds == 0 || *seconds > kReadyTimeoutMaxMs / 1000)
      return fail(ErrorKind::Usage, in_quotes(text) + ": expected seconds from 1 to 3600, like alive:5");
    ready.kind = Readiness::Kind::Alive;
    ready.alive_ms = *seconds * 1000;
    return ready;
  }
  return fail(ErrorKind::Usage,
              in_quotes(text) +
                  ": expected running, healthy, port:8080, file:/run/ready, command:LINE or alive:SECONDS");
}

std::string to_string(const Readiness &ready) {
  switch (ready.kind) {
  case Readiness::Kind::Running: return "running";
  case Readiness::Kind::Port: return "port:" + to_string(ready.port);
  case Readiness::Kind::File: return "file:" + ready.file;
  case Readiness::Kind::Command: return "command:" + quoted(ready.command);
  case Readiness::Kind::Alive: return fmt::format("alive:{}", ready.alive_ms / 1000);
  case Readiness::Kind::Healthy: return "healthy";
  }
  std::unreachable();
}

std::string missing(const Readiness &ready) {
  switch (ready.kind) {
  case Readiness::Kind::Running: return "its command does not run";
  case Readiness::Kind::Port: return "nothing listens on port " + to_string(ready.port);
  case Readiness::Kind::File: return "there is no " + printable(ready.file);
  case Readiness::Kind::Command: return printable(quoted(ready.command)) + " fails";
  case Readiness::Kind::Alive:
    return fmt::format("its command did not run for {} s without a break", ready.alive_ms / 1000);
  case Readiness::Kind::Healthy: return "its health check did not succeed; its log and 'jailctl events' may tell why";
  }
  std::unreachable();
}

} // namespace jails
