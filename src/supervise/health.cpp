#include "supervise/health.h"

#include "journal/event.h"
#include "supervise/addresses.h"
#include "supervise/timer.h"
#include "sys/call.h"
#include "sys/clock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace jails::supervise {
namespace {

constexpr uint32_t kFirstMs = 1000;     // after a start, if the interval is longer
constexpr size_t kPipeMax = 64U << 10U; // what a pipe holds (pipe(7)), and so all that is ever read of one check
constexpr size_t kStatusLineMax = 256;  // of an answer by HTTP
constexpr unsigned kGood = 200, kBad = 400;

} // namespace

Result<std::unique_ptr<HealthCheck>> HealthCheck::create(EventLoop &loop, const Spec &spec, Jail jail) {
  std::unique_ptr<HealthCheck> self(new HealthCheck(loop, spec, std::move(jail)));
  self->timer_ = TRY(make_timer());
  TRY(loop.add(self->timer_.get(), EPOLLIN, [raw = self.get()](uint32_t) { raw->on_timer(); }));
  return self;
}

HealthCheck::~HealthCheck() {
  loop_.remove(timer_.get());
  if (socket_) loop_.remove(socket_.get());
}

void HealthCheck::start() {
  running_ = true;
  judge_ = HealthJudge(spec_.health, sys::monotonic_ms());
  arm_timer(timer_, std::min(spec_.health.interval_ms, kFirstMs));
}

void HealthCheck::pause() {
  running_ = false;
  give_up_check();
  disarm_timer(timer_);
}

void HealthCheck::stop() {
  pause();
  judge_ = {};
  for (const int client : std::exchange(clients_, {})) jail_.answer(client, false, "its command ended");
}

void HealthCheck::thawed() {
  judge_.thawed(sys::monotonic_ms());
  if (!running_ || doing_ == Doing::Nothing) return;
  arm_timer(timer_, doing_ == Doing::Recovery ? spec_.health.recovery_timeout_ms : spec_.health.timeout_ms);
}

void HealthCheck::ask(int client) {
  clients_.push_back(client);
  if (doing_ == Doing::Nothing) begin(); // a recovery is waited for: the next check comes after it
}

// Whatever of a check is under way counts no more.
void HealthCheck::give_up_check() {
  if (session_ != nullptr) jail_.kill(*std::exchange(session_, nullptr));
  if (socket_) loop_.remove(socket_.get());
  socket_.reset();
  output_.reset();
  received_.clear();
  doing_ = Doing::Nothing;
}

void HealthCheck::anchor_ended() {
  session_ = nullptr;
  pause();
}

void HealthCheck::on_timer() {
  if (!timer_expired(timer_) || !running_) return;
  const auto &health = spec_.health;
  if (jail_.frozen()) {
    // What was asked is answered when it goes on, or not at all: neither tells whether it is well.
    if (doing_ != Doing::Recovery) give_up_check();
    arm_timer(timer_, health.interval_ms);
    return;
  }
  const auto late = [](uint32_t ms) { return fmt::format("no answer within {:g} s", ms / 1000.0); };
  switch (doing_) {
  case Doing::Nothing: begin(); break;
  case Doing::Recovery: recovery_over(late(health.recovery_timeout_ms)); break;
  default: over(false, late(health.timeout_ms)); break;
  }
}

void HealthCheck::begin() {
  const auto &health = spec_.health;
  arm_timer(timer_, health.timeout_ms);
  doing_ = health.command.empty() ? Doing::Connecting : Doing::Command;
  const Status begun = health.command.empty() ? connect_port() : run(health.command);
  if (!begun) over(false, begun.error().text());
}

// Nobody reads what it writes before it has ended: a pipe holds so much and no more, and it cannot keep us busy.
Status HealthCheck::run(const std::vector<std::string> &command) {
  auto pipe = TRY(sys::make_pipe());
  if (fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("pipe of a check");
  session_ = TRY(jail_.spawn(command, pipe.write.get()));
  output_ = std::move(pipe.read);
  return {};
}

std::string HealthCheck::read_output() const {
  std::string tail;
  std::array<char, 1024> buffer{};
  for (size_t all = 0; all < kPipeMax;) {
    const ssize_t n = output_ ? read(output_.get(), buffer.data(), buffer.size()) : 0;
    if (n <= 0) break;
    all += static_cast<size_t>(n);
    tail.append(buffer.data(), static_cast<size_t>(n));
    if (tail.size() > buffer.size()) tail.erase(0, tail.size() - buffer.size());
  }
  return last_words(tail);
}

bool HealthCheck::ended(const Session &session, const Ending &ending) {
  if (&session != session_) return false;
  session_ = nullptr;
  const bool good = ending.failure.empty() && ending.wait_status == 0;
  std::string why;
  if (!good) {
    why = ending.failure.empty() ? journal::describe_status(ending.wait_status) : ending.failure;
    const auto said = read_output();
    if (!said.empty()) why += ": " + said;
  }
  if (doing_ == Doing::Recovery)
    recovery_over(why);
  else
    over(good, why);
  return true;
}

std::string HealthCheck::port_text() const { return "port " + to_string(spec_.health.port); }

// Of the check or the reservation, else of the jail's pinned addresses, else loopback.
IpAddress HealthCheck::address() const {
  const auto &port = spec_.health.port;
  const auto own = std::ranges::find_if(spec_.ports, [&](const auto &other) { return overlap(other, port); });
  const auto &at = port.family != 0 || own == spec_.ports.end() ? port : *own;
  if (at.family != 0) return {.family = at.family, .bytes = at.addr};
  if (!spec_.net.addresses.empty()) return spec_.net.addresses.front();
  return {.family = 4, .bytes = {127, 0, 0, 1}};
}

Status HealthCheck::connect_port() {
  const SocketAddress at(address(), spec_.health.port.port);
  socket_ = Fd(socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return fail_errno("socket");
  TRY(loop_.add(socket_.get(), EPOLLOUT, [this](uint32_t) { on_connected(); }));
  // A success that comes at once is told by EPOLLOUT too.
  if (connect(socket_.get(), at.get(), at.size()) != 0 && errno != EINPROGRESS) return fail_errno(port_text());
  return {};
}

void HealthCheck::on_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return over(false, Error::system(port_text(), error).text());
  if (spec_.health.http.empty()) return over(true, "");
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: localhost:{}\r\nUser-Agent: jails-health\r\nAccept: */*\r\nConnection: close\r\n\r\n",
      spec_.health.http, spec_.health.port.port);
  loop_.remove(socket_.get());
  // A new socket's buffer takes all of it at once.
  const bool sent = send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) == std::ssize(request);
  if (!sent || !loop_.add(socket_.get(), EPOLLIN, [this](uint32_t) { on_answer(); }))
    return over(false, port_text() + ": the request was not taken");
  doing_ = Doing::Reading;
}

void HealthCheck::on_answer() {
  std::array<char, kStatusLineMax> buffer{};
  const ssize_t n = read(socket_.get(), buffer.data(), buffer.size());
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) received_.append(buffer.data(), static_cast<size_t>(n));
  const auto end = received_.find('\n');
  if (end == std::string::npos && n > 0 && received_.size() < kStatusLineMax) return;
  const unsigned status = end == std::string::npos ? 0 : http_status(std::string_view(received_).substr(0, end));
  const std::string what = fmt::format("{} {}", port_text(), spec_.health.http);
  if (status == 0) return over(false, what + ": no answer of HTTP");
  if (status < kGood || status >= kBad) return over(false, fmt::format("{}: status {}", what, status));
  over(true, "");
}

void HealthCheck::over(bool good, const std::string &why) {
  give_up_check();
  arm_timer(timer_, spec_.health.interval_ms);
  const auto verdict = judge_.add(good, sys::monotonic_ms());
  for (const int client : std::exchange(clients_, {})) jail_.answer(client, good, why);
  if (verdict != HealthJudge::Verdict::Same) jail_.judged(verdict, why);
}

void HealthCheck::save(HealthState &state, const std::function<int32_t(int)> &index_of) const {
  state.running = running_;
  state.state = static_cast<uint8_t>(judge_.state());
  state.failures = judge_.failures();
  state.counts_from_ms = judge_.counts_from_ms();
  state.session = session_ != nullptr ? session_->id : 0;
  for (const int client : clients_) state.askers.push_back(index_of(client));
}

void HealthCheck::restore(const HealthState &state, std::span<const int> clients) {
  running_ = state.running;
  const auto worst = static_cast<uint8_t>(Health::Unhealthy);
  judge_ = HealthJudge(spec_.health, 0);
  judge_.restore(static_cast<Health>(std::min(state.state, worst)), state.failures, state.counts_from_ms);
  if (running_) arm_timer(timer_, 0);
  for (const int32_t asker : state.askers) clients_.push_back(clients[static_cast<size_t>(asker)]);
}

void HealthCheck::run_recovery() {
  doing_ = Doing::Recovery;
  arm_timer(timer_, spec_.health.recovery_timeout_ms);
  if (const auto begun = run(spec_.health.recovery_command); !begun) recovery_over(begun.error().text());
}

void HealthCheck::recovery_over(const std::string &why) {
  give_up_check();
  arm_timer(timer_, spec_.health.interval_ms);
  jail_.recovered(why);
  if (!clients_.empty()) begin();
}

} // namespace jails::supervise
