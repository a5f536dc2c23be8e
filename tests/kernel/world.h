// A private instance of secmodel_jail for one test program: loaded, used and removed again, whatever happens.
#pragma once

#include "loader/loader.h"
#include "model/instance.h"
#include "secmodel/port_sysctl.h"
#include "secmodel/tables.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace jails::test {

// Value of a Result in a test; a failed one is a failed test with its text.
#define MUST(expr)                                                                                                     \
  ({                                                                                                                   \
    auto must_result_ = (expr);                                                                                        \
    if (!must_result_) GTEST_FAIL() << #expr << ": " << must_result_.error().text();                                   \
    ::jails::detail::take(std::move(must_result_));                                                                    \
  })

Instance test_instance(); // the one that main() cleans up after
void clean_up();          // kills members, destroys jails, unloads; prints what it could not do

std::string cgroup_root();
std::string read_text(const std::string &path);
// Changes net.ipv4.ip_local_reserved_ports, leaving alone what others put there meanwhile.
void edit_reserved_ports(const std::function<void(PortSet &)> &edit);

// A loaded model with no jails.
class World : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  // Registers a jail with its cgroup; `ports` as on the command line.
  Jid make_jail(const std::string &name, Profile profile, const std::string &ports, const std::string &connect = "",
                const std::string &addresses = "");
  void drop_jail(const std::string &name);
  [[nodiscard]] std::string cgroup_of(const std::string &name) const; // path
  [[nodiscard]] Denials denials(const std::string &name);             // "" is the host
  Tables &tables() { return *tables_; }

private:
  std::optional<Tables> tables_;
};

} // namespace jails::test
