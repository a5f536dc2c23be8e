#include "world.h"

#include "loader/place.h"
#include "member.h"
#include "sockets.h"

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::test {

Instance test_instance() { return *Instance::from_environment(); }

std::string cgroup_root() { return loader::find_v2_root().value_or(""); }

std::string read_text(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void edit_reserved_ports(const std::function<void(PortSet &)> &edit) {
  const Fd lock = lock_reserved_ports();
  auto ports = read_reserved_ports();
  ASSERT_TRUE(ports);
  edit(*ports);
  EXPECT_TRUE(write_reserved_ports(*ports));
}

static void remove_cgroups(const std::string &path) {
  kill_members(path);
  if (DIR *dir = opendir(path.c_str())) {
    while (const dirent *entry = readdir(dir))
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.') remove_cgroups(path + "/" + entry->d_name);
    closedir(dir);
  }
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) perror(path.c_str());
}

void clean_up() {
  const Instance instance = test_instance();
  remove_cgroups(cgroup_root() + "/" + instance.cgroup_name());
  if (auto tables = Tables::open(instance)) {
    static_cast<void>(tables->repair());
    if (const auto jails = tables->list())
      for (const JailRow &jail : *jails)
        if (const auto gone = tables->destroy(jail.jid); !gone) fprintf(stderr, "%s\n", gone.error().text().c_str());
  }
  if (const auto gone = unload_secmodel(instance); !gone && gone.error().kind() != ErrorKind::NotFound)
    fprintf(stderr, "%s\n", gone.error().text().c_str());
}

void World::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "no root";
  const auto loaded = load_secmodel(test_instance());
  ASSERT_TRUE(loaded) << loaded.error().text();
  auto tables = Tables::open(test_instance());
  ASSERT_TRUE(tables) << tables.error().text();
  tables_ = std::move(*tables);
}

void World::TearDown() {
  if (IsSkipped()) return;
  tables_.reset();
  clean_up();
  const auto reserved = read_reserved_ports();
  for (const uint16_t port : ports_handed_out())
    EXPECT_FALSE(reserved->test(port)) << "the test left port " << port << " in the sysctl";
  EXPECT_NE(access(test_instance().bpffs_dir().c_str(), F_OK), 0) << "the test left pins";
  EXPECT_NE(access((cgroup_root() + "/" + test_instance().cgroup_name()).c_str(), F_OK), 0) << "the test left a cgroup";
}

std::string World::cgroup_of(const std::string &name) const {
  return cgroup_root() + "/" + test_instance().cgroup_name() + "/" + name;
}

Jid World::make_jail(const std::string &name, Profile profile, const std::string &ports, const std::string &connect,
                     const std::string &addresses) {
  std::vector<PortReservation> list;
  NetSpec net;
  EXPECT_TRUE(connect.empty() || add_destinations(net.connect, connect)) << connect;
  EXPECT_TRUE(addresses.empty() || add_addresses(net.addresses, addresses)) << addresses;
  EXPECT_TRUE(ports.empty() || add_ports(list, ports)) << ports;
  const auto parsed = JailName::parse(name);
  EXPECT_TRUE(parsed) << name;
  const auto jid = tables_->create_jail(*parsed, "/srv/" + name, profile, list, net);
  if (!jid) {
    ADD_FAILURE() << jid.error().text();
    return 0;
  }
  EXPECT_EQ(mkdir(cgroup_of(name).c_str(), 0755), 0) << name;
  const auto cgroup = loader::open_cgroup(cgroup_of(name));
  EXPECT_TRUE(cgroup && tables_->bind_cgroup(*jid, cgroup->id)) << name;
  return *jid;
}

void World::drop_jail(const std::string &name) {
  const auto jail = tables_->find(name);
  ASSERT_TRUE(jail) << name;
  remove_cgroups(cgroup_of(name));
  const auto gone = tables_->destroy(jail->jid);
  EXPECT_TRUE(gone) << gone.error().text();
}

Denials World::denials(const std::string &name) {
  Jid jid = SJ_HOST;
  if (!name.empty()) jid = tables_->find(name)->jid;
  return tables_->denials(jid).value_or(Denials{});
}

} // namespace jails::test
