#include "jailctl/verb.h"

namespace {

using namespace jailctl;

constexpr jails::cli::Verb kVerbs[] = {
    {"create", "register a jail (no process yet)", create},
    {"supervise", "run a jail's command in the background, restarting it", supervise},
    {"exec", "run a command, or a shell, in a jail", exec},
    {"run", "run one command in a transient jail", run},
    {"stop", "stop a jail's processes; it stays registered", stop},
    {"freeze", "stop a jail's processes where they are", freeze},
    {"thaw", "let a frozen jail go on", thaw},
    {"destroy", "unregister a jail", destroy},
    {"list", "list the jails", list},
    {"last", "why a jail ended, when, and after how long", last},
    {"events", "what happened to the jails", events},
    {"health", "run a jail's health check once", health},
    {"show", "everything known of a jail", show},
    {"ps", "the processes of jails", ps},
    {"sockets", "the sockets of jails", sockets},
    {"top", "the jails and what they use, live", top},
    {"profile", "what a profile allows, and the permissions beyond it", profile},
    {"limits", "a jail's limits, and what is used of them", limits},
    {"set", "change a jail's limits while it runs", set},
    {"stats", "what each jail uses, also for Prometheus", stats},
    {"why", "what a jail was refused, and what would allow it", why},
    {"features", "what this kernel can guard, found by trying", features},
    {"verify", "try from inside a jail what its profile forbids", verify},
    {"load", "load secmodel_jail into the kernel", load},
    {"upgrade", "have a running jail go on under this version", upgrade},
    {"unload", "take secmodel_jail out of the kernel", unload},
};

} // namespace

int main(int argc, char **argv) { return jails::cli::run_program("jailctl", kVerbs, argc, argv); }
