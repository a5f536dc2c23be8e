#include "view/sockets.h"

#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/form.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

bool is_unix(const view::Socket &socket) { return socket.proto == "unix"; }

std::string proto_text(const view::Socket &socket) {
  if (is_unix(socket)) return fmt::format("unix-{}", socket.type);
  return fmt::format("{}{}", socket.proto, socket.family == "ipv6" ? "6" : "");
}

std::string end_text(const view::Socket &socket, const std::string &address, uint16_t port) {
  if (is_unix(socket)) return address;
  const auto at = port == 0 ? std::string("*") : fmt::format("{}", port);
  return socket.family == "ipv6" ? fmt::format("[{}]:{}", address, at) : fmt::format("{}:{}", address, at);
}

std::string pids_text(const view::Socket &socket) {
  std::string text;
  for (const auto &holder : socket.holders) text += fmt::format("{}{}", text.empty() ? "" : ",", holder.pid);
  return text;
}

void print_json(const std::vector<view::Socket> &sockets) {
  const auto text = [](const std::string &value) { return value.empty() ? cli::Json() : cli::Json(value); };
  const auto port = [](uint16_t value) { return value == 0 ? cli::Json() : cli::Json(value); };
  auto list = cli::Json::array();
  for (const auto &one : sockets) {
    auto holders = cli::Json::array();
    for (const auto &holder : one.holders) holders.push_back({{"pid", holder.pid}, {"program", holder.program}});
    list.push_back({{"jid", one.jid},
                    {"name", one.jail},
                    {"proto", one.proto},
                    {"family", one.family},
                    {"type", one.type},
                    {"state", one.state},
                    {"listens", one.listens},
                    {"local", text(one.local)},
                    {"local_port", port(one.local_port)},
                    {"peer", text(one.peer)},
                    {"peer_port", port(one.peer_port)},
                    {"reserved", is_unix(one) ? cli::Json() : cli::Json(one.reserved)},
                    {"processes", std::move(holders)}});
  }
  auto out = cli::json_document("jailctl-sockets-1");
  out["sockets"] = std::move(list);
  cli::print_json(out);
}

void print_rows(const std::vector<view::Socket> &sockets, const cli::Form &form) {
  std::vector<std::vector<std::string>> rows{
      {"JID", "NAME", "PROTO", "STATE", "LOCAL", "PEER", "RESERVED", "PID", "PROGRAM"}};
  for (const auto &one : sockets)
    rows.push_back({fmt::format("{}", one.jid), one.jail, proto_text(one), std::string(one.state),
                    end_text(one, one.local, one.local_port), end_text(one, one.peer, one.peer_port),
                    is_unix(one)   ? ""
                    : one.reserved ? "yes"
                                   : "no",
                    pids_text(one), one.holders.empty() ? "" : one.holders.front().program});
  cli::print_rows(std::move(rows), form);
}

} // namespace

Result<int> sockets(const Call &call) {
  constexpr std::string_view kUsage = "jailctl sockets [-a] [-T [-H] | -j] [jail ...]";
  bool all = false;
  cli::Form form;
  std::vector<Option> options;
  options.push_back(
      {'a', "all", nullptr, "connections as well, and sockets that nobody can call", set_flag(all), true});
  cli::add_form_options(options, form);
  const auto parsed = TRY(parse(call, kUsage,
                                "The sockets of the jails that can be called: TCP, UDP and unix. RESERVED: is the "
                                "local port one of the jail's reservations.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(cli::check_form(form));
  TRY(need_root(call));
  auto sockets = TRY(view::sockets_of(call.instance, TRY(cli::selected_rows(call, parsed.operands))));
  if (!all) std::erase_if(sockets, [](const view::Socket &one) { return !one.listens; });
  if (form.json)
    print_json(sockets);
  else if (sockets.empty() && !form.tabs)
    fmt::print("no sockets\n");
  else
    print_rows(sockets, form);
  return 0;
}

} // namespace jailctl
