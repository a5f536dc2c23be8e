#include "supervise/protocol.h"

#include "base/text.h"
#include "supervise/wire.h"

#include <algorithm>
#include <utility>

namespace jails::supervise {
namespace {

std::unexpected<Error> malformed(const std::string &what) { return fail(ErrorKind::Malformed, "malformed " + what); }

constexpr std::string_view kSpecKind = "jail-spec";

// What jailctl has to be able to ask a supervisor of an earlier or later version for. Their layout stays as it is.
bool is_lasting(RequestType type) {
  switch (type) {
  case RequestType::Signal:
  case RequestType::Stop:
  case RequestType::Status:
  case RequestType::Upgrade:
  case RequestType::Freeze: return true;
  default: return false;
  }
}

Result<Limits> get_limits(Reader &in) {
  const auto words = in.texts();
  const std::vector<std::string_view> views(words.begin(), words.end());
  Limits limits;
  TRY(change_limits(limits, views));
  return limits;
}

void put(Writer &out, const PortReservation &port) {
  out.number(port.port);
  out.number(port.protos);
  out.number(port.family);
  out.text({reinterpret_cast<const char *>(port.addr.data()), port.addr.size()});
}

void put(Writer &out, const IpAddress &address) {
  out.number(address.family);
  out.text({reinterpret_cast<const char *>(address.bytes.data()), address.bytes.size()});
}

IpAddress get_address(Reader &in) {
  IpAddress address{.family = static_cast<uint8_t>(in.number())};
  const std::string bytes = in.text();
  if (bytes.size() == address.bytes.size()) memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

void put(Writer &out, const NetSpec &net) {
  out.number(static_cast<uint32_t>(net.connect.size()));
  for (const auto &to : net.connect) {
    out.text(to.jail);
    put(out, to.at);
    out.number(to.port);
    out.number(to.protos);
  }
  out.number(static_cast<uint32_t>(net.addresses.size()));
  for (const auto &address : net.addresses) put(out, address);
}

NetSpec get_net(Reader &in) {
  NetSpec net;
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) {
    Destination to{.jail = in.text()};
    to.at = get_address(in);
    to.port = static_cast<uint16_t>(in.number());
    to.protos = static_cast<uint8_t>(in.number());
    net.connect.push_back(std::move(to));
  }
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) net.addresses.push_back(get_address(in));
  return net;
}

PortReservation get_port(Reader &in) {
  PortReservation port;
  port.port = static_cast<uint16_t>(in.number());
  port.protos = static_cast<uint8_t>(in.number());
  port.family = static_cast<uint8_t>(in.number());
  const std::string addr = in.text();
  if (addr.size() == port.addr.size()) memcpy(port.addr.data(), addr.data(), addr.size());
  return port;
}

void put(Writer &out, const std::vector<ReactionState> &states) {
  out.number(static_cast<uint32_t>(states.size()));
  for (const auto &state : states) {
    out.text(state.use);
    out.number64(state.fired);
    out.number64(state.fired_at);
  }
}

std::vector<ReactionState> get_states(Reader &in) {
  std::vector<ReactionState> states;
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) {
    ReactionState state{.use = in.text()};
    state.fired = in.number64();
    state.fired_at = in.number64();
    states.push_back(std::move(state));
  }
  return states;
}

void put(Writer &out, const std::vector<Reaction> &reactions) {
  out.number(static_cast<uint32_t>(reactions.size()));
  for (const auto &reaction : reactions) {
    out.text(to_string(reaction));
    out.number(reaction.timeout_seconds);
  }
}

Status get_reactions(Reader &in, std::vector<Reaction> &reactions) {
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) {
    reactions.push_back(TRY(parse_reaction(in.text())));
    reactions.back().timeout_seconds = in.number();
  }
  return {};
}

void put(Writer &out, const HealthSpec &health) {
  out.texts(health.command);
  put(out, health.port);
  out.text(health.http);
  for (const uint32_t number : {health.interval_ms, health.timeout_ms, health.retries, health.start_period_ms})
    out.number(number);
  out.number(std::to_underlying(health.recovery));
  out.texts(health.recovery_command);
  out.number(health.recovery_timeout_ms);
}

HealthSpec get_health(Reader &in) {
  HealthSpec health;
  health.command = in.texts();
  health.port = get_port(in);
  health.http = in.text();
  for (uint32_t *number : {&health.interval_ms, &health.timeout_ms, &health.retries, &health.start_period_ms})
    *number = in.number();
  health.recovery = static_cast<Recovery>(std::min<uint32_t>(in.number(), std::to_underlying(Recovery::None)));
  health.recovery_command = in.texts();
  health.recovery_timeout_ms = in.number();
  return health;
}

void put(Writer &out, const HookSpec &hooks) {
  out.number(hooks.timeout_ms);
  for (const auto &commands : hooks.points) {
    out.number(static_cast<uint32_t>(commands.size()));
    for (const auto &command : commands) out.texts(command);
  }
}

HookSpec get_hooks(Reader &in) {
  HookSpec hooks;
  hooks.timeout_ms = in.number();
  for (auto &commands : hooks.points)
    for (uint32_t count = in.number(); count > 0 && in.ok(); count--) commands.push_back(in.texts());
  return hooks;
}

} // namespace

std::string encode(const Request &request) {
  Writer out;
  out.number(kProtocolVersion);
  out.number(std::to_underlying(request.type));
  if (request.type == RequestType::Exec) {
    for (const auto stdio : request.exec.stdio) out.number(std::to_underlying(stdio));
    out.text(request.exec.user);
    out.text(request.exec.directory);
    out.texts(request.exec.environment);
    out.texts(request.exec.command);
    out.number(request.exec.rows);
    out.number(request.exec.columns);
  }
  if (request.type == RequestType::Probe) out.number(request.probe.uid);
  if (request.type == RequestType::Signal) out.number(request.signal);
  if (request.type == RequestType::Stop) out.number(request.grace_ms);
  if (request.type == RequestType::Limits) out.texts(request.limits);
  if (request.type == RequestType::Freeze) out.number(request.freeze ? 1 : 0);
  return out.bytes();
}

Result<Request> decode_request(std::string_view bytes) {
  Reader in(bytes);
  const uint32_t version = in.number();
  Request request;
  request.type = static_cast<RequestType>(in.number());
  if (version != kProtocolVersion && !is_lasting(request.type))
    return malformed("request: another version of jailctl is talking to this supervisor");
  switch (request.type) {
  case RequestType::Exec:
    for (auto &stdio : request.exec.stdio) {
      const uint32_t value = in.number();
      if (value > std::to_underlying(anchor::Stdio::Terminal)) return malformed("request");
      stdio = static_cast<anchor::Stdio>(value);
    }
    request.exec.user = in.text();
    request.exec.directory = in.text();
    request.exec.environment = in.texts();
    request.exec.command = in.texts();
    request.exec.rows = in.number();
    request.exec.columns = in.number();
    break;
  case RequestType::Probe:
    request.probe.uid = in.number();
    if (request.probe.uid == UINT32_MAX) return malformed("request"); // setresuid(2): no change
    break;
  case RequestType::Signal: request.signal = in.number(); break;
  case RequestType::Stop: request.grace_ms = in.number(); break;
  case RequestType::Limits: request.limits = in.texts(); break;
  case RequestType::Freeze: request.freeze = in.number() != 0; break;
  case RequestType::Status:
  case RequestType::Upgrade:
  case RequestType::Health: break;
  default: return malformed("request");
  }
  if (!in.finished()) return malformed("request");
  return request;
}

Result<Request> decode_user_request(std::string_view bytes) {
  Reader in(bytes);
  const bool current = in.number() == kProtocolVersion;
  const auto type = static_cast<RequestType>(in.number());
  if (!in.ok()) return malformed("request");
  if (!current) return malformed("request: another version of jailctl is talking to this supervisor");
  if (type != RequestType::Exec && type != RequestType::Signal)
    return fail(ErrorKind::Denied, "users may ask for nothing but commands");
  return decode_request(bytes);
}

std::string encode(const Reply &reply) {
  Writer out;
  out.number(kProtocolVersion);
  out.number(std::to_underlying(reply.type));
  out.number(reply.wait_status);
  out.number(reply.kind);
  out.text(reply.text);
  if (reply.type == ReplyType::Status || reply.type == ReplyType::Health) {
    out.number(reply.status.supervisor);
    out.number(reply.status.anchor);
    out.number(reply.status.workload);
    out.number(reply.status.restarts);
    out.number64(reply.status.started);
    out.text(reply.status.state);
    out.text(reply.status.health);
    out.number(reply.status.health_failures);
  }
  if (reply.type == ReplyType::Limits) {
    out.texts(reply.limits);
    out.texts(reply.warnings);
    put(out, reply.reactions);
  }
  return out.bytes();
}

Result<Reply> decode_reply(std::string_view bytes) {
  Reader in(bytes);
  const uint32_t version = in.number();
  Reply reply;
  reply.type = static_cast<ReplyType>(in.number());
  reply.wait_status = in.number();
  reply.kind = in.number();
  reply.text = in.text();
  if (reply.type == ReplyType::Status || reply.type == ReplyType::Health) {
    reply.status.supervisor = in.number();
    reply.status.anchor = in.number();
    reply.status.workload = in.number();
    reply.status.restarts = in.number();
    reply.status.started = in.number64();
    reply.status.state = in.text();
    if (!in.finished()) { // an older supervisor ends here
      reply.status.health = in.text();
      reply.status.health_failures = in.number();
    }
  }
  // Of an answer to a lasting request, what is known here is read, and what another version adds is passed over.
  if (version != kProtocolVersion) {
    const bool lasting = reply.type == ReplyType::Exited || reply.type == ReplyType::Failed ||
                         reply.type == ReplyType::Stopping || reply.type == ReplyType::Status;
    if (!in.ok() || !lasting) return malformed("reply: the supervisor is of another version");
    return reply;
  }
  if (reply.type == ReplyType::Limits) {
    reply.limits = in.texts();
    reply.warnings = in.texts();
    reply.reactions = get_states(in);
  }
  if (!in.finished() || reply.type < ReplyType::Terminal || reply.type > ReplyType::Streams) return malformed("reply");
  return reply;
}

// Parts are only ever added; what one holds is never changed, so that a supervisor and the specs in RUN outlive an
// update of the programs.
std::string encode(const Spec &spec) {
  PartsWriter out;
  const auto text = [&](std::string_view name, std::string_view value) {
    out.put(name, [&](Writer &part) { part.text(value); });
  };
  const auto texts = [&](std::string_view name, const std::vector<std::string> &values) {
    out.put(name, [&](Writer &part) { part.texts(values); });
  };
  const auto number = [&](std::string_view name, uint32_t value) {
    out.put(name, [&](Writer &part) { part.number(value); });
  };
  text("name", spec.name.str());
  text("root", spec.root);
  number("profile", std::to_underlying(spec.profile));
  texts("allow", names_of(spec.permissions.allow));
  texts("deny", names_of(spec.permissions.deny));
  out.put("ports", [&](Writer &part) {
    part.number(static_cast<uint32_t>(spec.ports.size()));
    for (const auto &port : spec.ports) put(part, port);
  });
  out.put("net", [&](Writer &part) { put(part, spec.net); });
  texts("limits", limit_words(spec.limits));
  if (!spec.reactions.empty()) out.put("limit-actions", [&](Writer &part) { put(part, spec.reactions); });
  out.put("binds", [&](Writer &part) {
    part.number(static_cast<uint32_t>(spec.binds.size()));
    for (const auto &bind : spec.binds) {
      part.text(bind.source);
      part.text(bind.target);
      part.number(bind.read_only ? 1 : 0);
    }
  });
  texts("command", spec.command);
  number("restart", std::to_underlying(spec.restart.policy));
  number("restart-limit", spec.restart.limit);
  number("restart-window", spec.restart.window_ms);
  number("stop-grace", spec.stop_grace_ms);
  number("log-facility", static_cast<uint32_t>(spec.log.facility));
  number("log-out", static_cast<uint32_t>(spec.log.out_level));
  number("log-err", static_cast<uint32_t>(spec.log.err_level));
  text("log-tag", spec.log.tag);
  texts("log", log_words(spec.log));
  text("hostname", spec.hostname);
  if (!spec.image.empty()) text("image", spec.image);
  if (spec.health.configured()) out.put("health", [&](Writer &part) { put(part, spec.health); });
  if (!spec.exec_rules.empty()) {
    std::vector<std::string> rules;
    for (const auto &rule : spec.exec_rules) rules.push_back(to_string(rule));
    texts("exec-rules", rules);
  }
  if (spec.hooks.configured()) out.put("hooks", [&](Writer &part) { put(part, spec.hooks); });
  return out.bytes(kSpecKind);
}

Result<Spec> decode_spec(std::string_view bytes) {
  PartsReader in(kSpecKind, bytes);
  const auto text = [&](std::string_view name, std::string &to) {
    in.take(name, [&](Reader &part) { to = part.text(); });
  };
  const auto texts = [&](std::string_view name, std::vector<std::string> &to) {
    in.take(name, [&](Reader &part) { to = part.texts(); });
  };
  const auto number = [&](std::string_view name, auto &to) {
    in.take(name, [&](Reader &part) { to = static_cast<std::remove_reference_t<decltype(to)>>(part.number()); });
  };
  if (!in.ok()) return malformed("jail state");
  std::string named;
  text("name", named);
  auto name = JailName::parse(named);
  if (!name) return std::unexpected(std::move(name).error());
  Spec spec{.name = std::move(*name)};
  text("root", spec.root);
  number("profile", spec.profile);
  std::vector<std::string> allow, deny, log, exec_rules;
  texts("allow", allow);
  texts("deny", deny);
  in.take("ports", [&](Reader &part) {
    for (uint32_t count = part.number(); count > 0 && part.ok(); count--) spec.ports.push_back(get_port(part));
  });
  in.take("net", [&](Reader &part) { spec.net = get_net(part); });
  Result<Limits> limits{Limits{}};
  in.take("limits", [&](Reader &part) { limits = get_limits(part); });
  Status reactions;
  in.take("limit-actions", [&](Reader &part) { reactions = get_reactions(part, spec.reactions); });
  in.take("binds", [&](Reader &part) {
    for (uint32_t count = part.number(); count > 0 && part.ok(); count--) {
      Bind bind;
      bind.source = part.text();
      bind.target = part.text();
      bind.read_only = part.number() != 0;
      spec.binds.push_back(std::move(bind));
    }
  });
  texts("command", spec.command);
  number("restart", spec.restart.policy);
  number("restart-limit", spec.restart.limit);
  number("restart-window", spec.restart.window_ms);
  number("stop-grace", spec.stop_grace_ms);
  number("log-facility", spec.log.facility);
  number("log-out", spec.log.out_level);
  number("log-err", spec.log.err_level);
  text("log-tag", spec.log.tag);
  texts("log", log);
  texts("exec-rules", exec_rules);
  text("hostname", spec.hostname);
  in.take("hooks", [&](Reader &part) { spec.hooks = get_hooks(part); });
  text("image", spec.image);
  in.take("health", [&](Reader &part) { spec.health = get_health(part); });
  if (!in.ok() || spec.profile > Profile::High || spec.restart.policy > RestartPolicy::Never)
    return malformed("jail state");
  if (const auto unknown = in.unknown(); !unknown.empty())
    return malformed("jail state: written by a newer version, which knows of " + in_quotes(unknown));
  spec.limits = TRY(std::move(limits));
  TRY(std::move(reactions));
  for (const auto &permission : allow) TRY(add_permissions(spec.permissions.allow, permission));
  for (const auto &permission : deny) TRY(add_permissions(spec.permissions.deny, permission));
  for (const auto &word : log) TRY(change_log(spec.log, word));
  for (const auto &rule : exec_rules) TRY(add_exec_rule(spec.exec_rules, rule));
  TRY(validate(spec));
  return spec;
}

} // namespace jails::supervise
