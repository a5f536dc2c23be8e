// SIGKILL between any two system calls leaves something that the next command recognises and clears.
#include "replay.h"
#include "sockets.h"
#include "world.h"

#include <cstdlib>
#include <unistd.h>

namespace jails::test {
namespace {

class Crash : public World {
protected:
  Result<Jid> create(const std::string &name, uint16_t port) {
    std::vector<PortReservation> ports = {{.port = port}, {.port = static_cast<uint16_t>(port + 1), .protos = kTcp}};
    NetSpec net;
    TRY(add_destinations(net.connect, "db:5432,127.0.0.1:53/udp"));
    TRY(add_addresses(net.addresses, "127.0.0.1"));
    return tables().create_jail(*JailName::parse(name), "/srv/x", Profile::High, ports, net);
  }
};

TEST_F(Crash, CreateAtAnyCall) {
  const uint16_t port = free_port();
  static_cast<void>(free_port()); // the one after it
  unsigned calls = 0, whole = 0;
  Jid last = 0;
  for (bool through = false; !through; calls++) {
    through = run_until_call(calls + 1, [&] { static_cast<void>(create("web", port)); });
    // The next change repairs by itself, and finds the jail whole or not at all.
    const Jid other = MUST(tables().create_jail(*JailName::parse("other"), "/srv/o", Profile::High, {}));
    EXPECT_GT(other, last) << "a jid was used twice after call " << calls;
    last = other;
    EXPECT_TRUE(MUST(tables().repair()).empty()) << "after call " << calls;
    MUST(tables().destroy(other));
    const auto web = tables().find("web");
    EXPECT_EQ(try_bind(tcp4(), "", port) == 0, !web) << "after call " << calls;
    if (!web) continue;
    whole++;
    EXPECT_EQ(web->ports.size(), 2U);
    EXPECT_EQ(web->net.connect.size(), 2U);
    EXPECT_EQ(web->net.addresses.size(), 1U);
    MUST(tables().destroy(web->jid));
  }
  EXPECT_GT(calls, 12U);
  EXPECT_GE(whole, 1U);
}

TEST_F(Crash, DestroyAtAnyCall) {
  const uint16_t port = free_port();
  static_cast<void>(free_port());
  unsigned calls = 0, gone = 0;
  for (bool through = false; !through; calls++) {
    const Jid jid = MUST(create("web", port));
    through = run_until_call(calls + 1, [&] { static_cast<void>(tables().destroy(jid)); });
    const Jid other = MUST(tables().create_jail(*JailName::parse("other"), "/srv/o", Profile::High, {}));
    MUST(tables().destroy(other));
    EXPECT_TRUE(MUST(tables().repair()).empty()) << "after call " << calls;
    const auto web = tables().find("web");
    EXPECT_EQ(try_bind(tcp4(), "", port) == 0, !web) << "after call " << calls;
    gone += !web;
    if (web) MUST(tables().destroy(web->jid));
  }
  EXPECT_GT(calls, 10U);
  EXPECT_GT(gone, 3U);
}

TEST_F(Crash, LoadAtManyCalls) {
  MUST(unload_secmodel(test_instance()));
  unsigned runs = 0;
  const char *every = getenv("JAILS_TEST_EVERY_CALL"); // each one takes minutes
  const unsigned step = every != nullptr ? 1 : 43;
  unsigned call = 1;
  for (bool through = false; !through; call += step, runs++) {
    through = run_until_call(call, [] { static_cast<void>(load_secmodel(test_instance())); });
    const auto report = load_secmodel(test_instance());
    ASSERT_TRUE(report) << "after call " << call << ": " << report.error().text();
    const auto status = MUST(secmodel_status(test_instance()));
    EXPECT_TRUE(status.loaded && status.current) << "after call " << call;
    EXPECT_EQ(access((test_instance().bpffs_dir() + ":stage").c_str(), F_OK), -1) << "after call " << call;
    MUST(unload_secmodel(test_instance()));
  }
  EXPECT_GT(runs, 10U);
  MUST(load_secmodel(test_instance()));
}

TEST_F(Crash, UnloadAtAnyCall) {
  unsigned call = 1;
  for (bool through = false; !through; call++) {
    through = run_until_call(call, [] { static_cast<void>(unload_secmodel(test_instance())); });
    const auto again = unload_secmodel(test_instance());
    EXPECT_TRUE(again || again.error().kind() == ErrorKind::NotFound) << call << ": " << again.error().text();
    EXPECT_EQ(access(test_instance().bpffs_dir().c_str(), F_OK), -1) << call;
    EXPECT_EQ(access((test_instance().bpffs_dir() + ":stage").c_str(), F_OK), -1) << call;
    EXPECT_EQ(access((cgroup_root() + "/" + test_instance().cgroup_name()).c_str(), F_OK), -1) << call;
    MUST(load_secmodel(test_instance()));
    if (call > 20) call += 15;
  }
  EXPECT_GT(call, 30U);
}

} // namespace
} // namespace jails::test
