#include "member.h"
#include "sockets.h"
#include "world.h"

#include "secmodel/bpf.h"

#include <cerrno>
#include <limits>
#include <sched.h>

namespace jails::test {
namespace {

class TableTest : public World {
protected:
  Result<Jid> create(const std::string &name, const std::string &ports = "", const std::string &root = "/srv/x") {
    std::vector<PortReservation> list;
    if (!ports.empty()) TRY(add_ports(list, ports));
    return tables().create_jail(TRY(JailName::parse(name)), root, Profile::Medium, list);
  }
  static std::string text(const Result<Jid> &result) { return result ? "" : result.error().text(); }
  static bool reserved(uint16_t port) { return read_reserved_ports()->test(port); }
};

TEST_F(TableTest, CreateListFindDestroy) {
  const uint16_t port = free_port();
  const std::string list = "tcp/" + std::to_string(port) + "@[fd00::5],udp/" + std::to_string(port);
  const Jid web = MUST(create("web", list, "/var/jails/web"));
  const Jid db = MUST(create("db"));
  EXPECT_EQ(web, 1U);
  EXPECT_EQ(db, 2U);
  const auto all = MUST(tables().list());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].jid, web);
  EXPECT_EQ(all[0].name, "web");
  EXPECT_EQ(all[0].root, "/var/jails/web");
  EXPECT_EQ(all[0].profile, Profile::Medium);
  ASSERT_EQ(all[0].ports.size(), 2U);
  EXPECT_EQ(to_string(all[0].ports[0]) + "," + to_string(all[0].ports[1]), list);
  EXPECT_GT(all[0].created_ns, 0U);
  EXPECT_EQ(all[1].name, "db");
  EXPECT_EQ(MUST(tables().find("web")).jid, web);
  EXPECT_EQ(MUST(tables().find("2")).name, "db");
  for (const char *absent : {"3", "0", "nobody", "99999999999999", ""}) {
    const auto found = tables().find(absent);
    ASSERT_FALSE(found) << absent;
    EXPECT_EQ(found.error().kind(), ErrorKind::NotFound) << absent;
  }
  MUST(tables().set_anchor(web, 12));
  MUST(tables().set_supervisor(web, 11));
  EXPECT_EQ(MUST(tables().lookup(web)).anchor, 12);
  EXPECT_EQ(MUST(tables().lookup(web)).supervisor, 11);
  MUST(tables().destroy(web));
  EXPECT_EQ(tables().destroy(web).error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(MUST(tables().list()).size(), 1U);
  EXPECT_TRUE(MUST(tables().repair()).empty()) << "nothing was left behind";
}

TEST_F(TableTest, RefusesWhatIsTaken) {
  const std::string port = std::to_string(free_port());
  MUST(create("web", "tcp/" + port));
  EXPECT_EQ(text(create("web")), "jail web exists already (jid 1)");
  EXPECT_EQ(text(create("db", "tcp/" + port)), "port tcp/" + port + " is reserved by jail web");
  EXPECT_EQ(text(create("db", port)), "port " + port + " is reserved by jail web");
  EXPECT_EQ(text(create("db", "tcp/" + port + "@127.0.0.1")),
            "port tcp/" + port + "@127.0.0.1 is reserved by jail web");
  EXPECT_EQ(create("db", port).error().kind(), ErrorKind::Exists);
  EXPECT_TRUE(create("db", "udp/" + port)) << "control: the other protocol is free";
  EXPECT_EQ(MUST(tables().list()).size(), 2U);
}

TEST_F(TableTest, RefusesBadInput) {
  EXPECT_EQ(create("a", "", "").error().kind(), ErrorKind::Usage);
  EXPECT_EQ(create("a", "", "relative").error().kind(), ErrorKind::Usage);
  EXPECT_EQ(create("a", "", "/" + std::string(SJ_ROOT_MAX, 'x')).error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(create("a", "", "/" + std::string(SJ_ROOT_MAX - 1, 'x'))) << "control";
  const uint16_t port = free_port();
  const PortReservation one{.port = port}, zero{};
  const std::vector<PortReservation> twice = {one, one}, none = {zero};
  EXPECT_EQ(tables().create_jail(*JailName::parse("b"), "/x", Profile::High, twice).error().kind(), ErrorKind::Usage);
  EXPECT_EQ(tables().create_jail(*JailName::parse("b"), "/x", Profile::High, none).error().kind(), ErrorKind::Usage);
  std::vector<PortReservation> many;
  for (unsigned i = 0; i <= SJ_PORTS_MAX; i++) many.push_back({.port = static_cast<uint16_t>(40000 + i)});
  EXPECT_EQ(tables().create_jail(*JailName::parse("b"), "/x", Profile::High, many).error().kind(), ErrorKind::Usage);
}

TEST_F(TableTest, JidIsNeverUsedTwice) {
  const Jid first = MUST(create("a"));
  MUST(tables().destroy(first));
  EXPECT_EQ(MUST(create("a")), first + 1);
  EXPECT_FALSE(create("a"));
  EXPECT_EQ(MUST(create("b")), first + 2) << "a refused create uses no jid";

  const auto map = MUST((bpf::Map<uint32_t, sj_settings>::open(test_instance().bpffs_dir(), "settings")));
  auto settings = *MUST(map.lookup(0));
  settings.next_jid = std::numeric_limits<Jid>::max() - 1;
  MUST(map.update(0, settings));
  EXPECT_EQ(MUST(create("last")), std::numeric_limits<Jid>::max() - 1);
  const auto none = create("none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().sys_errno(), EOVERFLOW);
}

TEST_F(TableTest, ClaimsOnOnePortByAddress) {
  const std::string port = std::to_string(free_port());
  std::vector<Jid> jids;
  for (unsigned i = 1; i <= SJ_CLAIMS_MAX; i++) {
    const std::string n = std::to_string(i);
    jids.push_back(MUST(create("j" + n, "tcp/" + port + "@127.0.0." + n)));
  }
  EXPECT_EQ(create("more", "tcp/" + port + "@127.0.0.99").error().sys_errno(), ENOSPC);
  // One goes, the others keep the port.
  MUST(tables().destroy(jids[3]));
  EXPECT_TRUE(reserved(static_cast<uint16_t>(std::stoi(port))));
  EXPECT_EQ(try_bind(tcp4(), "127.0.0.5", static_cast<uint16_t>(std::stoi(port))), EPERM);
  EXPECT_EQ(try_bind(tcp4(), "127.0.0.4", static_cast<uint16_t>(std::stoi(port))), 0);
  EXPECT_TRUE(MUST(tables().repair()).empty());
}

TEST_F(TableTest, SysctlKeepsWhatOthersPutThere) {
  const uint16_t theirs = free_port(), ours = free_port();
  edit_reserved_ports([&](PortSet &ports) { ports.set(theirs); });
  const Jid jid = MUST(create("web", std::to_string(theirs) + "," + std::to_string(ours)));
  EXPECT_TRUE(reserved(theirs) && reserved(ours));
  MUST(tables().destroy(jid));
  EXPECT_TRUE(reserved(theirs)) << "it was there before us";
  EXPECT_FALSE(reserved(ours));
  edit_reserved_ports([&](PortSet &ports) { ports.reset(theirs); });
}

TEST_F(TableTest, LongSysctlSurvives) {
  const uint16_t port = free_port();
  PortSet added; // 12 kB of text, more than a page
  edit_reserved_ports([&](PortSet &ports) {
    for (unsigned i = 33001; i < 37000; i += 2) added.set(i, !ports.test(i));
    ports |= added;
  });
  EXPECT_EQ(MUST(read_reserved_ports()) & added, added);
  const auto jid = create("web", std::to_string(port));
  const bool present = reserved(port);
  if (jid) static_cast<void>(tables().destroy(*jid));
  const PortSet after = MUST(read_reserved_ports());
  edit_reserved_ports([&](PortSet &ports) { ports &= ~added; });
  EXPECT_TRUE(jid && present);
  EXPECT_EQ(after & added, added);
  EXPECT_FALSE(after.test(port));
}

TEST_F(TableTest, PortsOnlyInTheHostsNetworkNamespace) {
  const uint16_t port = free_port();
  const int other = run_in("", [&] {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    const auto jid = create("web", std::to_string(port));
    return jid ? 0 : static_cast<int>(jid.error().kind()) + 1;
  });
  EXPECT_EQ(other, static_cast<int>(ErrorKind::Usage) + 1);
  EXPECT_TRUE(create("web", std::to_string(port))) << "control";
}

TEST_F(TableTest, RepairMakesEverythingFollowFromTheJails) {
  const uint16_t port = free_port(), stray = free_port();
  const Jid jid = make_jail("web", Profile::High, std::to_string(port));
  const std::string dir = test_instance().bpffs_dir();
  const auto members = MUST((bpf::Map<uint64_t, sj_member>::open(dir, "members")));
  const auto ports = MUST((bpf::Map<uint32_t, sj_port_row>::open(dir, "ports")));
  const auto bits = MUST((bpf::Map<uint32_t, uint64_t>::open(dir, "reserved")));
  const auto denied = MUST((bpf::Map<uint32_t, sj_denied>::open(dir, "denied")));
  const uint64_t cgroup = MUST(tables().lookup(jid)).cgroup_id;
  // Everything wrong at once: rows of a jail that never was, and none of the one that is.
  MUST(members.update(424242, {.jid = 77, .profile = 0, .quiet = 0, .naddrs = 0, .files = 0, .addrs = {}}));
  MUST(members.erase(cgroup));
  MUST(denied.update(77, {}));
  MUST(denied.erase(jid));
  sj_port_row row{};
  row.count = 1;
  row.claim[0] = {.jid = 77, .protos = SJ_TCP, .at = {}};
  MUST(ports.update(stray, row));
  MUST(ports.erase(port));
  for (uint32_t word = 0; word < SJ_RESERVED_WORDS; word++) MUST(bits.update(word, word == stray / 64U ? ~0ULL : 0));
  EXPECT_EQ(try_bind(tcp4(), "", port), 0) << "control: the guard is broken now";
  EXPECT_EQ(try_bind(tcp4(), "", stray), EPERM) << "control";

  EXPECT_GE(MUST(tables().repair()).size(), 7U);
  EXPECT_EQ(try_bind(tcp4(), "", port), EPERM);
  EXPECT_EQ(try_bind(tcp4(), "", stray), 0);
  EXPECT_EQ(run_in(cgroup_of("web"), [&] { return try_bind(tcp4(), "", port); }), 0);
  EXPECT_TRUE(MUST(tables().repair()).empty());
}

TEST_F(TableTest, AbsentModelSaysWhatToDo) {
  const auto other = Tables::open(*Instance::named("nothere"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(other.error().text(), "secmodel_jail is not loaded: run 'jailmgr bootstrap'");
}

TEST_F(TableTest, OtherVersionIsRefused) {
  const auto map = MUST((bpf::Map<uint32_t, sj_settings>::open(test_instance().bpffs_dir(), "settings")));
  auto settings = *MUST(map.lookup(0));
  settings.abi_version++;
  MUST(map.update(0, settings));
  const auto opened = Tables::open(test_instance());
  settings.abi_version--;
  MUST(map.update(0, settings));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind(), ErrorKind::Unsupported);
  EXPECT_TRUE(Tables::open(test_instance())) << "control";
}

TEST_F(TableTest, HundredsOfJails) {
  for (int i = 0; i < 300; i++) MUST(create("jail" + std::to_string(i)));
  const auto all = MUST(tables().list());
  ASSERT_EQ(all.size(), 300U);
  for (size_t i = 0; i < all.size(); i++) EXPECT_EQ(all[i].jid, i + 1);
  EXPECT_TRUE(MUST(tables().repair()).empty());
}

} // namespace
} // namespace jails::test
