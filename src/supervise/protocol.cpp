#include "supervise/protocol.h"

#include "supervise/wire.h"

#include <algorithm>
#include <utility>

namespace jails::supervise {
namespace {

std::unexpected<Error> malformed(const char *what) {
  return fail(ErrorKind::Malformed, std::string("malformed ") + what);
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
  if (in.number() != kProtocolVersion)
    return malformed("request: another version of jailctl is talking to this supervisor");
  Request request;
  request.type = static_cast<RequestType>(in.number());
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
  case RequestType::Health: break;
  default: return malformed("request");
  }
  if (!in.finished()) return malformed("request");
  return request;
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
  }
  return out.bytes();
}

Result<Reply> decode_reply(std::string_view bytes) {
  Reader in(bytes);
  if (in.number() != kProtocolVersion) return malformed("reply: the supervisor is of another version");
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
    reply.status.health = in.text();
    reply.status.health_failures = in.number();
  }
  if (reply.type == ReplyType::Limits) {
    reply.limits = in.texts();
    reply.warnings = in.texts();
  }
  if (!in.finished() || reply.type < ReplyType::Terminal || reply.type > ReplyType::Health) return malformed("reply");
  return reply;
}

std::string encode(const Spec &spec) {
  Writer out;
  out.number(kProtocolVersion);
  out.text(spec.name.str());
  out.text(spec.root);
  out.number(std::to_underlying(spec.profile));
  out.texts(names_of(spec.permissions.allow));
  out.texts(names_of(spec.permissions.deny));
  out.number(static_cast<uint32_t>(spec.ports.size()));
  for (const auto &port : spec.ports) put(out, port);
  put(out, spec.net);
  out.texts(limit_words(spec.limits));
  out.number(static_cast<uint32_t>(spec.binds.size()));
  for (const auto &bind : spec.binds) {
    out.text(bind.source);
    out.text(bind.target);
    out.number(bind.read_only ? 1 : 0);
  }
  out.texts(spec.command);
  out.number(std::to_underlying(spec.restart.policy));
  out.number(spec.restart.limit);
  out.number(spec.restart.window_ms);
  out.number(spec.stop_grace_ms);
  out.number(static_cast<uint32_t>(spec.log.facility));
  out.number(static_cast<uint32_t>(spec.log.out_level));
  out.number(static_cast<uint32_t>(spec.log.err_level));
  out.text(spec.log.tag);
  out.texts(log_words(spec.log));
  put(out, spec.health);
  out.text(spec.hostname);
  return out.bytes();
}

Result<Spec> decode_spec(std::string_view bytes) {
  Reader in(bytes);
  if (in.number() != kProtocolVersion) return malformed("jail state: written by another version");
  auto name = JailName::parse(in.text());
  if (!name) return std::unexpected(std::move(name).error());
  Spec spec{.name = std::move(*name)};
  spec.root = in.text();
  spec.profile = static_cast<Profile>(in.number());
  if (spec.profile > Profile::High) return malformed("jail state");
  for (auto *set : {&spec.permissions.allow, &spec.permissions.deny})
    for (const auto &permission : in.texts()) TRY(add_permissions(*set, permission));
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) spec.ports.push_back(get_port(in));
  spec.net = get_net(in);
  spec.limits = TRY(get_limits(in));
  for (uint32_t count = in.number(); count > 0 && in.ok(); count--) {
    Bind bind;
    bind.source = in.text();
    bind.target = in.text();
    bind.read_only = in.number() != 0;
    spec.binds.push_back(std::move(bind));
  }
  spec.command = in.texts();
  spec.restart.policy = static_cast<RestartPolicy>(in.number());
  spec.restart.limit = in.number();
  spec.restart.window_ms = in.number();
  spec.stop_grace_ms = in.number();
  spec.log.facility = static_cast<int>(in.number());
  spec.log.out_level = static_cast<int>(in.number());
  spec.log.err_level = static_cast<int>(in.number());
  spec.log.tag = in.text();
  for (const auto &word : in.texts()) TRY(change_log(spec.log, word));
  spec.health = get_health(in);
  spec.hostname = in.text();
  if (!in.finished() || spec.restart.policy > RestartPolicy::Never) return malformed("jail state");
  TRY(validate(spec));
  return spec;
}

} // namespace jails::supervise
