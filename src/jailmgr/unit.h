// Under systemd a jail that is started belongs to its unit, jail@NAME.service, and not to the session of who started
// it.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/instance.h"

#include <initializer_list>

namespace jailmgr {

inline constexpr const char *kUnitTemplate = "/etc/systemd/system/jail@.service";

// Exit status of a program of the host, its output to nowhere; 127 when there is none.
int run_program(std::initializer_list<const char *> words);

// Has systemd start the jail, which runs `jailmgr start NAME` in the unit, and waits for that; its error is returned.
// False, and nothing done: there is no systemd or no such unit, this is another instance, or this is the program in the
// unit.
jails::Result<bool> start_by_unit(const jails::Instance &instance, const jails::JailName &name);

// In the unit: leaves the error of the start for who asked for it.
void tell_starter(const jails::Instance &instance, const jails::JailName &name, const jails::Error &error);

} // namespace jailmgr
