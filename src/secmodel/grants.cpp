// What jails may call on their host. A grant is kept by name, so nothing here looks at the jail that it names.
#include "secmodel/rows.h"
#include "secmodel/tables.h"

#include <cstring>
#include <map>

namespace jails {

struct KeyOrder {
  bool operator()(const sj_grant_key &a, const sj_grant_key &b) const { return memcmp(&a, &b, sizeof(a)) < 0; }
};
using Grants = std::map<sj_grant_key, uint32_t, KeyOrder>;

// "db:53/tcp" and "db:53/udp" are one row.
static void add(Grants &to, Jid jid, const sj_jail &row) {
  for (const sj_grant &grant : rows::grants_of(row)) to[rows::key_of(jid, grant)] |= grant.protos;
}

Status Tables::permit(Jid jid, const sj_jail &row) {
  Grants wanted;
  add(wanted, jid, row);
  for (const auto &[key, protos] : wanted) TRY(grants_.update(key, protos));
  return {};
}

Status Tables::forbid(Jid jid, const sj_jail &row) {
  for (const sj_grant &grant : rows::grants_of(row)) TRY(grants_.erase(rows::key_of(jid, grant)));
  return {};
}

Status Tables::repair_grants(const std::vector<Stored> &jails, std::vector<std::string> &done) {
  Grants wanted;
  for (const auto &[jid, row] : jails) add(wanted, jid, row);
  const auto note = [&](const sj_grant_key &key, const char *what) {
    done.push_back("permission of jid " + std::to_string(key.jid) + " to connect: " + what);
  };
  for (const auto &[key, protos] : TRY(grants_.all())) {
    const auto want = wanted.find(key);
    if (want == wanted.end()) {
      TRY(grants_.erase(key));
      note(key, "removed");
    } else if (want->second == protos) {
      wanted.erase(want);
    }
  }
  for (const auto &[key, protos] : wanted) {
    TRY(grants_.update(key, protos));
    note(key, "entered");
  }
  return {};
}

} // namespace jails
