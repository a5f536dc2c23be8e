// [net]: what the jail may call on its host, and the addresses that are its own.
#include "config/sections.h"

namespace jails {

void read_net(TableReader &top, NetSpec &to) {
  const auto *table = top.table("net");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "net.", top.known());
  read_list(reader, "connect", "expected a list like [\"db:5432\", \"127.0.0.1:6379\", \"[::1]:53/udp\"]", to.connect,
            add_destinations);
  read_list(reader, "addresses", "expected a list of addresses like [\"10.0.0.5\", \"fd00::5\"]", to.addresses,
            add_addresses);
  reader.done();
}

void write_net(Writer &out, const NetSpec &net) {
  out.section("[net]", "The network. Ports are the key 'ports' above.");
  out.key("Services of this host that the jail may call, up to 32: \"db\" (what the jail db reserved),\n"
          "\"db:5432\", \"127.0.0.1:6379\", \"[::1]:53/udp\"; also link-local and multicast addresses.\n"
          "For \"medium\" and \"high\"; \"low\" may call all. Default: none but its own.",
          "connect",
          net.connect.empty() ? R"(["db:5432", "127.0.0.53:53"])"
                              : toml_list(net.connect, [](const Destination &to) { return to_string(to); }),
          net.connect.empty());
  out.key("The addresses of the host that are the jail's, up to 8: it has no other at its end of a connection.\n"
          "Default: all.",
          "addresses",
          net.addresses.empty() ? R"(["127.0.1.5", "fd00::5"])"
                                : toml_list(net.addresses, [](const IpAddress &address) { return to_string(address); }),
          net.addresses.empty());
}

} // namespace jails
