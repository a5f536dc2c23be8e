#include "supervise/state.h"

#include "base/text.h"
#include "supervise/wire.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <fmt/format.h>
#include <functional>
#include <set>
#include <type_traits>
#include <unistd.h>

namespace jails::supervise {
namespace {

template <class T> struct IsKept : std::false_type {};
template <mode_t Kind> struct IsKept<Kept<Kind>> : std::true_type {
  static constexpr mode_t kKind = Kind;
};
template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;
template <class T> struct IsVector : std::false_type {};
template <class T> struct IsVector<std::vector<T>> : std::true_type {};
template <class T> struct IsArray : std::false_type {};
template <class T, size_t N> struct IsArray<std::array<T, N>> : std::true_type {};
template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};
template <class T> struct IsPair : std::false_type {};
template <class A, class B> struct IsPair<std::pair<A, B>> : std::true_type {};

// A struct inside a state has a length, and so may have other parts in another version, too.
constexpr std::string_view kInner = "";

class Saver {
public:
  template <class T> void operator()(std::string_view name, const T &value) {
    out_.put(name, [&](Writer &part) { put(part, value); });
  }
  [[nodiscard]] std::string bytes(std::string_view kind) const { return out_.bytes(kind); }

private:
  template <class T> static void put(Writer &out, const T &value) {
    if constexpr (Number<T>) {
      out.number64(static_cast<uint64_t>(static_cast<int64_t>(value)));
    } else if constexpr (std::same_as<T, double>) {
      out.number64(std::bit_cast<uint64_t>(value));
    } else if constexpr (std::same_as<T, std::string>) {
      out.text(value);
    } else if constexpr (IsKept<T>::value) {
      put(out, value.fd);
    } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
      out.number(static_cast<uint32_t>(value.size()));
      for (const auto &one : value) put(out, one);
    } else if constexpr (IsOptional<T>::value) {
      out.number(value ? 1 : 0);
      if (value) put(out, *value);
    } else if constexpr (IsPair<T>::value) {
      put(out, value.first);
      put(out, value.second);
    } else {
      Saver inner;
      T::parts(inner, value);
      out.text(inner.bytes(kInner));
    }
  }
  PartsWriter out_;
};

class Loader {
public:
  Loader(std::string_view kind, std::string_view bytes) : in_(kind, bytes) {}
  template <class T> void operator()(std::string_view name, T &value) {
    in_.take(name, [&](Reader &part) { get(part, value); });
  }
  // Of this value and those inside it. Empty: all is well.
  [[nodiscard]] std::string problem() const {
    if (!problem_.empty()) return problem_;
    if (!in_.ok()) return "malformed state";
    if (const auto unknown = in_.unknown(); !unknown.empty())
      return "the state has a part that this version does not know: " + in_quotes(unknown);
    return {};
  }

private:
  template <class T> void get(Reader &in, T &value) {
    if constexpr (Number<T>) {
      number(in.number64(), value);
    } else if constexpr (std::same_as<T, double>) {
      value = std::bit_cast<double>(in.number64());
    } else if constexpr (std::same_as<T, std::string>) {
      value = in.text();
    } else if constexpr (IsKept<T>::value) {
      get(in, value.fd);
    } else if constexpr (IsVector<T>::value) {
      for (uint32_t count = in.number(); count > 0 && in.ok(); count--) get(in, value.emplace_back());
    } else if constexpr (IsArray<T>::value) {
      if (in.number() != value.size()) return complain("malformed state");
      for (auto &one : value) get(in, one);
    } else if constexpr (IsOptional<T>::value) {
      if (in.number() != 0) get(in, value.emplace());
    } else if constexpr (IsPair<T>::value) {
      get(in, value.first);
      get(in, value.second);
    } else {
      Loader inner(kInner, in.view());
      T::parts(inner, value);
      if (auto problem = inner.problem(); !problem.empty()) complain(std::move(problem));
    }
  }
  template <class T> void number(uint64_t raw, T &value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> plain{};
      number(raw, plain);
      value = static_cast<T>(plain);
    } else if constexpr (std::same_as<T, bool>) {
      if (raw > 1) complain("malformed state");
      value = raw == 1;
    } else {
      const auto wide = static_cast<int64_t>(raw);
      value = static_cast<T>(wide);
      if (static_cast<int64_t>(value) != wide) complain("malformed state");
    }
  }
  void complain(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  PartsReader in_;
  std::string problem_;
};

class Descriptors {
public:
  template <class T> void operator()(std::string_view, T &value) { visit(value); }
  std::vector<KeptFd> found;

private:
  template <class T> void visit(T &value) {
    if constexpr (IsKept<T>::value) {
      if (value.fd != -1) found.push_back({&value.fd, IsKept<T>::kKind});
    } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
      for (auto &one : value) visit(one);
    } else if constexpr (IsOptional<T>::value) {
      if (value) visit(*value);
    } else if constexpr (!Number<T> && !std::same_as<T, double> && !std::same_as<T, std::string> && !IsPair<T>::value) {
      T::parts(*this, value);
    }
  }
};

std::unexpected<Error> wrong(const char *what) {
  return fail(ErrorKind::Malformed, std::string("malformed state: ") + what);
}

Status check_anchor(const SavedState &state) {
  const auto &anchor = state.anchor;
  const auto clients = static_cast<int64_t>(state.clients.size());
  if (anchor.pid < 0) return wrong("pid of the anchor");
  if (anchor.pid != 0 && (anchor.pidfd.fd < 0 || anchor.channel.fd < 0 || anchor.pts.fd < 0))
    return wrong("an anchor without its channel");
  if (anchor.pid == 0 && (state.life.phase != LifeState::Phase::Waiting || !anchor.sessions.empty()))
    return wrong("no anchor");
  std::set<uint32_t> ids;
  for (const auto &session : anchor.sessions) {
    if (session.id == 0 || session.id >= anchor.next_session || !ids.insert(session.id).second)
      return wrong("number of a session");
    if (session.status.fd < 0 || session.pid < 0) return wrong("session");
    if (session.asker < -1 || session.asker >= clients || (session.asker >= 0 && session.client.fd < 0))
      return wrong("client of a session");
  }
  if (state.asker < -1 || state.asker >= clients) return wrong("client");
  return {};
}

Status check_life(const SavedState &state) {
  const auto &life = state.life;
  if (life.phase > LifeState::Phase::Waiting) return wrong("phase");
  if (life.phase == LifeState::Phase::Running) {
    const auto &sessions = state.anchor.sessions;
    if (life.workload == 0 || std::ranges::find(sessions, life.workload, &SessionState::id) == sessions.end() ||
        !state.log)
      return wrong("a command that nobody runs");
  } else if (life.workload != 0) {
    return wrong("a command in a jail that runs none");
  }
  if (state.health)
    for (const int32_t asker : state.health->askers)
      if (asker < 0 || asker >= std::ssize(state.clients)) return wrong("client of the health check");
  if (state.log)
    for (const auto &pipe : state.log->pipes)
      if (pipe.fd < 0) return wrong("pipes of the log");
  return {};
}

// A user must not come out as root's client.
Status check_door(const SavedState &state) {
  if (!state.door) return {};
  if (state.door->listener.fd < 0) return wrong("a door without its socket");
  std::set<int32_t> seen;
  for (const auto &one : state.door->clients)
    if (one.client < 0 || one.client >= std::ssize(state.clients) || one.client == state.asker ||
        !seen.insert(one.client).second)
      return wrong("client who is a user");
  return {};
}

} // namespace

std::string encode(const SavedState &state, std::string_view kind) {
  Saver saver;
  SavedState::parts(saver, state);
  return saver.bytes(kind);
}

Result<SavedState> decode_state(std::string_view bytes, std::string_view kind) {
  SavedState state;
  Loader loader(kind, bytes);
  SavedState::parts(loader, state);
  if (auto problem = loader.problem(); !problem.empty()) return fail(ErrorKind::Malformed, std::move(problem));
  std::set<int> numbers;
  for (const auto &kept : descriptors(state))
    if (*kept.fd <= STDERR_FILENO || !numbers.insert(*kept.fd).second) return wrong("descriptors");
  if (state.jid == 0 || state.lock.fd < 0 || state.control.fd < 0) return wrong("no jail");
  TRY(check_anchor(state));
  TRY(check_life(state));
  TRY(check_door(state));
  if (state.landlock && (state.landlock->socket.fd < 0 || state.anchor.pid == 0))
    return wrong("records of Landlock without their socket or their anchor");
  return state;
}

std::vector<KeptFd> descriptors(SavedState &state) {
  Descriptors all;
  SavedState::parts(all, state);
  return std::move(all.found);
}

} // namespace jails::supervise
