// One request of a local HTTP API, on a unix socket that systemd or inetd(8) made our standard input. There is no
// daemon: each connection is a process, and who may connect, the mode of the socket says.
#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/http.h"
#include "jail/control.h"
#include "jail/registry.h"
#include "jailmgr/store.h"
#include "supervise/peer.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr const char *kJailctl = "jailctl", *kJailmgr = "jailmgr";
constexpr size_t kMaxOutput = 64U << 20U;

struct Answer {
  int status = 200;
  std::string body{};
  std::string_view type = "application/json";
  std::string_view allow{}; // of a 405
};

struct Route {
  std::string_view method, path; // behind the jail's name
  const char *program;           // kJailctl, kJailmgr
  std::vector<std::string> words;
  bool by_status = false; // its exit status is part of the answer
};

const std::vector<Route> &routes() {
  static const std::vector<Route> all{{"GET", "", kJailmgr, {"status", "-j"}, true},
                                      {"GET", "show", kJailctl, {"show", "-j"}},
                                      {"GET", "stats", kJailctl, {"stats", "-j"}},
                                      {"GET", "limits", kJailctl, {"limits", "-j"}},
                                      {"GET", "health", kJailctl, {"health", "-j"}, true},
                                      {"GET", "last", kJailmgr, {"last", "-j"}},
                                      {"GET", "events", kJailctl, {"events", "-j"}},
                                      {"GET", "why", kJailctl, {"why", "-j"}},
                                      {"GET", "ps", kJailctl, {"ps", "-j"}},
                                      {"GET", "sockets", kJailctl, {"sockets", "-j"}},
                                      {"POST", "start", kJailmgr, {"start"}},
                                      {"POST", "stop", kJailmgr, {"stop"}},
                                      {"POST", "restart", kJailmgr, {"restart"}},
                                      {"POST", "freeze", kJailctl, {"freeze"}},
                                      {"POST", "thaw", kJailctl, {"thaw"}}};
  return all;
}

Answer refused(int status, std::string_view why) {
  auto document = cli::json_document("jails-error-1");
  document["error"] = printable(why);
  return {.status = status, .body = document.dump(2) + "\n"};
}

struct Ran {
  int status = 0; // of waitpid(2)
  std::string output, error;
};

Result<Fd> scratch() {
  Fd fd(memfd_create("jailmgr-serve", MFD_CLOEXEC));
  if (!fd) return fail_errno("memfd_create");
  return fd;
}

Result<std::string> content(const Fd &fd) {
  if (lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("lseek");
  return sys::read_all(fd.get(), kMaxOutput);
}

Result<Ran> run(const char *program, const std::vector<std::string> &words) {
  const std::string path = TRY(sbin_program(program));
  const Fd output = TRY(scratch()), error = TRY(scratch());
  std::vector<char *> argv{const_cast<char *>(program)};
  for (const auto &word : words) argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, error.get(), 2);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return std::unexpected(Error::system(path, failed));
  Ran ran;
  while (waitpid(pid, &ran.status, 0) < 0)
    if (errno != EINTR) return fail_errno("waitpid");
  ran.output = TRY(content(output));
  ran.error = TRY(content(error));
  return ran;
}

// "jailctl: jail web is not running" without who says so.
std::string last_line(std::string_view text) {
  text = trim(text);
  auto line = text.substr(text.find_last_of('\n') + 1); // npos + 1 is 0
  for (const std::string_view program : {"jailctl: ", "jailmgr: "})
    if (line.starts_with(program)) return std::string(line.substr(program.size()));
  return std::string(line);
}

Result<Answer> answer_of(const char *program, std::vector<std::string> words, bool by_status) {
  auto ran = TRY(run(program, words));
  const bool good = WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 0;
  if (good || (by_status && !ran.output.empty())) return Answer{.body = std::move(ran.output)};
  if (!WIFEXITED(ran.status) || ran.error.empty())
    return refused(500, fmt::format("{} {} ended unexpectedly", program, words[0]));
  return refused(409, last_line(ran.error));
}

Result<Answer> carry_out(const Call &call, const cli::HttpRequest &request) {
  constexpr std::string_view kJails = "/v1/jails";
  const bool get = request.method == "GET" || request.method == "HEAD";
  const std::string_view path = request.path;
  if (path == kJails) {
    if (!get) return Answer{.status = 405, .body = refused(405, "only GET and HEAD").body, .allow = "GET, HEAD"};
    return answer_of(kJailmgr, {"status", "-j"}, true);
  }
  if (!path.starts_with("/v1/jails/")) return refused(404, fmt::format("there is no {}", path));
  const auto parts = split(path.substr(kJails.size() + 1), '/');
  const auto view = parts.size() == 2 ? parts[1] : std::string_view();
  const auto route = std::ranges::find(routes(), view, &Route::path);
  if (parts.size() > 2 || (parts.size() == 2 && view.empty()) || route == routes().end())
    return refused(404, fmt::format("there is no {}", path));
  const auto name = JailName::parse(parts[0]);
  if (!name) return refused(400, name.error().text());
  if (request.method != route->method && !(get && route->method == "GET")) {
    const std::string_view allow = route->method == "GET" ? "GET, HEAD" : "POST";
    return Answer{.status = 405, .body = refused(405, fmt::format("only {}", allow)).body, .allow = allow};
  }
  if (!TRY(Store::open(call.instance)).contains(*name))
    return refused(404, fmt::format("there is no jail {}", name->str()));
  // jailctl knows those only that are registered, which a stop ends.
  if (route->program == kJailctl && view != "events")
    if (const auto row = find_jail(call.instance, name->str()); !row && row.error().kind() == ErrorKind::NotFound)
      return refused(409, fmt::format("jail {} is not running", name->str()));
  auto words = route->words;
  words.push_back(name->str());
  auto answer = TRY(answer_of(route->program, words, route->by_status));
  if (view == "events" && answer.status == 200) answer.type = "application/x-ndjson";
  if (route->method == "GET" || answer.status != 200) return answer;
  return answer_of(kJailmgr, {"status", "-j", name->str()}, true);
}

std::string_view reason(int status) {
  switch (status) {
  case 200: return "OK";
  case 400: return "Bad Request";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 409: return "Conflict";
  case 413: return "Content Too Large";
  default: return "Internal Server Error";
  }
}

Status send_answer(const Answer &answer, bool body) {
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
                  "Connection: close\r\n",
                  answer.status, reason(answer.status), answer.type, answer.body.size());
  if (!answer.allow.empty()) text += fmt::format("Allow: {}\r\n", answer.allow);
  text += "\r\n";
  if (body) text += answer.body;
  for (std::string_view left = text; !left.empty();) {
    const ssize_t n = send(STDIN_FILENO, left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno("answer");
    left.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

// Who reaches a TCP port is asked nothing here.
Status check_input() {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  int type = 0;
  socklen_t type_size = sizeof type;
  if (getsockname(STDIN_FILENO, reinterpret_cast<sockaddr *>(&own), &size) != 0 ||
      getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || own.ss_family != AF_UNIX ||
      type != SOCK_STREAM)
    return fail(ErrorKind::Usage, "serve: standard input is not a unix stream socket, as a systemd socket or inetd(8) "
                                  "hands it over; other sockets have no authentication");
  return {};
}

Result<Answer> answer_to(const Call &call, const Result<cli::HttpRequest> &request) {
  const auto peer = supervise::peer_outside(STDIN_FILENO);
  if (!peer) return refused(403, peer.error().text());
  if (!request) return refused(request.error().kind() == ErrorKind::Busy ? 413 : 400, request.error().text());
  if (request->method == "POST") // what the events say of who asked is us
    fmt::print(stderr, "{}: {} {} for pid {}, uid {}\n", call.program, request->method, request->path, peer->pid,
               peer->uid);
  return carry_out(call, *request);
}

} // namespace

Result<int> serve(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr serve";
  const auto parsed = TRY(parse(call, kUsage,
                                "Answers one HTTP request on standard input, a unix socket: jailmgr(8), API. For a "
                                "systemd socket or inetd(8).",
                                {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  TRY(check_input());
  const auto request = cli::parse_http_request(cli::read_http_request());
  auto answer = answer_to(call, request);
  if (!answer) answer = refused(500, answer.error().text());
  TRY(send_answer(*answer, !request || request->method != "HEAD"));
  shutdown(STDIN_FILENO, SHUT_WR);
  cli::drain_http_request();
  return 0;
}

} // namespace jailmgr
