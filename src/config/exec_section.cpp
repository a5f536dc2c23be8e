// [exec]: which users of the host may run commands in the jail.
#include "config/sections.h"

namespace jails {

void read_exec(TableReader &top, std::vector<ExecRule> &to) {
  const auto *table = top.table("exec");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "exec.", top.known());
  read_list(reader, "allow", R"(expected a list like ["alice", "bob as www-data", "%ops as root"])", to, add_exec_rule);
  reader.done();
}

void write_exec(Writer &out, const std::vector<ExecRule> &rules) {
  out.section(rules.empty() ? "#[exec]" : "[exec]",
              "Who, besides root, may run commands in the jail by 'jailctl exec'.");
  out.key("Users of the host, and members of its groups (\"%ops\"), as the same uid and gid in the jail or as the\n"
          "user behind \"as\"; names or numbers, up to 32, the first that fits counts. Default: nobody.",
          "allow",
          rules.empty() ? R"(["alice", "bob as www-data", "%ops as root"])"
                        : toml_list(rules, [](const ExecRule &rule) { return to_string(rule); }),
          rules.empty());
}

} // namespace jails
