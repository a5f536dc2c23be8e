#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/form.h"
#include "jail/control.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

void print_as_json(const JailName &name, const supervise::Reply &reply) {
  auto out = cli::json_document("jailctl-health-1");
  out.update({{"name", name.str()},
              {"ok", reply.wait_status == 0},
              {"reason", reply.text.empty() ? cli::Json() : cli::Json(reply.text)},
              {"health", reply.status.health.empty() ? cli::Json() : cli::Json(reply.status.health)},
              {"failures", reply.status.health_failures}});
  cli::print_json(out);
}

} // namespace

Result<int> health(const Call &call) {
  constexpr std::string_view kUsage = "jailctl health [-j] jail";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form, cli::Forms::JsonOnly);
  const auto parsed = TRY(parse(call, kUsage,
                                "Runs the health check of a running jail once, now, and prints what came of it. It "
                                "counts as any other. Exits with 0\nwhen it succeeded, with 3 when it failed.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const Fd connection = TRY(connect_supervisor(call.instance, name));
  TRY(send_request(connection, {.type = supervise::RequestType::Health, .exec = {}}));
  const auto reply = TRY(receive_reply(connection)).reply; // it answers within the check's own time
  if (reply.type != supervise::ReplyType::Health)
    return fail(static_cast<ErrorKind>(reply.kind), reply.text.empty() ? "unexpected reply" : reply.text);
  const bool good = reply.wait_status == 0;
  if (form.json)
    print_as_json(name, reply);
  else
    fmt::print("{}: {}{}{}; {}\n", name.str(), good ? "ok" : "failed", reply.text.empty() ? "" : ": ", reply.text,
               reply.status.health.empty() ? "not running" : reply.status.health);
  constexpr int kFailed = 3;
  return good ? 0 : kFailed;
}

} // namespace jailctl
