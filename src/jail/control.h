// Talking to a jail's supervisor, starting one, stopping one.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "jail/registry.h"
#include "supervise/protocol.h"
#include "sys/message.h"

#include <span>

namespace jails {

// Of our own installation: PREFIX/sbin/jailctl -> PREFIX/libexec/jails/NAME. The build tree has the same shape.
Result<std::string> libexec_program(std::string_view name);
Result<std::string> sbin_program(std::string_view name); // PREFIX/sbin/NAME

// A connection to a running jail's supervisor. NotFound "jail web is not running".
Result<Fd> connect_supervisor(const Instance &instance, const JailName &name);

// The same for a user of the host whom its rules let in ([exec] allow). Denied: none does. NotFound with ENOENT: there
// is no socket for users.
Result<Fd> connect_as_user(const Instance &instance, const JailName &name);

// NotFound: the supervisor closed the connection, and with ECONNRESET it never read the request.
Status send_request(const Fd &connection, const supervise::Request &request, std::span<const int> fds = {});
struct Answer {
  supervise::Reply reply;
  std::vector<Fd> fds;
};
// NotFound: as above; without an errno the request may have been carried out.
Result<Answer> receive_reply(const Fd &connection);

// Starts a supervisor on the host for a registered jail and waits until its command runs (or, without one, the jail
// stands). spec.command may differ from what was registered. Leaves no process on failure.
Status start_supervisor(const Instance &instance, Jid jid, const Spec &spec);

// TERM, the grace (kOwnGrace: the jail's), kill; returns when nothing of it is left. A supervisor that does not answer
// is killed and its jail cleared. NotFound: it does not run.
Status stop_supervisor(const Instance &instance, const JailRow &row, uint32_t grace_ms, const NameLock &lock);

// The same under a model of another version, whose rows this program neither reads nor writes: its supervisor is told
// by SIGTERM, which every version knows, and clears its rows itself. NotFound: it does not run.
Status stop_foreign(const Instance &instance, const JailName &name, const NameLock &lock);

// Stops every process of a running jail where it is, or lets them go on; returns when the last one has stopped. Busy:
// one has not after some seconds (it waits in the kernel for a device), and will when it can.
Status freeze_jail(const Instance &instance, const JailName &name, bool stop);

// A supervisor that is starting or ending does not listen, as long as hooks of the host take.
enum class Patience : uint8_t {
  Settle, // wait for what comes of it, some seconds
  None    // for who looks only
};
// NotFound: it does not run; or, without patience, does not listen. Busy: it does not answer.
Result<supervise::SupervisorStatus> supervisor_status(const Instance &instance, const JailName &name,
                                                      Patience patience = Patience::Settle);

} // namespace jails
