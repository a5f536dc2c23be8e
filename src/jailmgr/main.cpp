#include "jailmgr/verb.h"

namespace {

using namespace jailmgr;

constexpr jails::cli::Verb kVerbs[] = {
    {"bootstrap", "prepare this host for jails", bootstrap},
    {"create", "make a jail: its configuration and its root", create},
    {"clone", "make a jail that is a copy of another", clone},
    {"rename", "give a jail another name", rename},
    {"start", "start jails", start},
    {"stop", "stop jails", stop},
    {"restart", "stop jails and start them again", restart},
    {"status", "what the jails are doing", status},
    {"last", "why jails ended, when, and after how long", last},
    {"list", "how the jails are configured", list},
    {"apply", "run a script in a jail", apply},
    {"config", "edit, show or check a jail's configuration", config},
    {"plan", "what 'up' would do", plan},
    {"up", "make the jails be what their configurations say", up},
    {"validate", "say all that is wrong with configuration files", validate},
    {"set", "change a jail's limits, in its configuration and while it runs", set},
    {"logs", "what a jail's command wrote", logs},
    {"serve", "answer one request of the local HTTP API", serve},
    {"upgrade-supervisors", "have running jails go on under this version", upgrade_supervisors},
    {"destroy", "remove jails with all their data", destroy},
};

} // namespace

int main(int argc, char **argv) { return jails::cli::run_program("jailmgr", kVerbs, argc, argv); }
