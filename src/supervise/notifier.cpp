#include "supervise/notifier.h"

#include "denial/call.h"

#include <unistd.h>

namespace jails::supervise {

// 2000 answers a second are a few per cent of a CPU (docs/benchmarks.md).
static constexpr unsigned kAnswersInASlice = 20;

Result<std::unique_ptr<Notifier>> Notifier::start(EventLoop &loop, Ledger ledger, const Jail &jail, Hooks hooks) {
  std::unique_ptr<Notifier> self(new Notifier(std::move(ledger), jail, std::move(hooks)));
  self->throttle_ = TRY(Throttle::start(loop, jail.listener, kAnswersInASlice, [raw = self.get()](bool) {
    const auto call = launch::receive_call(raw->jail_.listener);
    if (call && *call) raw->serve(**call);
  }));
  return self;
}

void Notifier::serve(const launch::Call &call) {
  const auto caller = thread_facts(call.thread);
  // A caller that is gone was answered by its death; what was read may be of somebody else.
  if (!launch::still_waiting(jail_.listener, call.id)) return;
  if (!caller) return deny(call, {}); // whoever it is, it does not wait for ever
  auto answer = proxy_.answer(jail_.listener, call, *caller);
  if (!answer) {
    deny(call, *caller);
  } else if (answer->descriptor) {
    const int error = launch::answer_with_descriptor(jail_.listener, call.id, answer->descriptor.get());
    if (error != 0) launch::refuse(jail_.listener, call.id, error); // EMFILE
  } else if (answer->error != 0) {
    launch::refuse(jail_.listener, call.id, answer->error);
  } else {
    launch::answer(jail_.listener, call.id, 0);
  }
}

void Notifier::deny(const launch::Call &call, const ThreadFacts &caller) {
  if (hooks_.is_probe(getsid(caller.process)))
    return launch::refuse(jail_.listener, call.id, launch::refusal(jail_.profile, jail_.permissions, call));
  // Entered first: who has the answer finds the row.
  const auto entered = ledger_.add_call(jail_.jid, {.object = denial::object_of_call(call.nr, call.args),
                                                    .program = caller.name,
                                                    .uid = caller.uid,
                                                    .pid = static_cast<uint32_t>(caller.process)});
  static_cast<void>(entered.has_value()); // a full table: it is refused all the same
  launch::refuse(jail_.listener, call.id, launch::refusal(jail_.profile, jail_.permissions, call));
  hooks_.on_denial();
}

} // namespace jails::supervise
