// What a jail's new name asks for besides moving its directory: other jails that mention it, its logs, its host name.
// All of it can be done again: one that was killed is finished by the next command.
#pragma once

#include "jailmgr/store.h"

#include <vector>

namespace jailmgr {

// Jails whose own files mention `from` and will be rewritten. Refused: what mentions it in a file that is not ours to
// change, or stands on a path below its directory.
jails::Result<std::vector<jails::JailName>> check_mentions(const Store &store, const jails::JailName &from,
                                                           const jails::JailName &to);

// After Store::move(), with the locks of both names and of `mentioning`; ends the move.
jails::Status finish_rename(const jails::Instance &instance, const Store &store, const jails::JailName &from,
                            const jails::JailName &to, const std::vector<jails::JailName> &mentioning);

// The same for one whose process was killed, before or after the directory moved. What cannot be done now is left to
// the next call: no other jail has to wait for it.
void finish_killed_rename(const jails::Instance &instance, const Store &store, const jails::JailName &to);

} // namespace jailmgr
