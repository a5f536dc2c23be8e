#include "model/order.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace jails {

Result<std::vector<std::string>> with_needs(const Needs &needs, std::vector<std::string> names) {
  for (size_t i = 0; i < names.size(); i++) {
    const auto at = needs.find(names[i]);
    if (at == needs.end()) continue;
    for (const auto &other : at->second) {
      if (!needs.contains(other))
        return fail(ErrorKind::NotFound, fmt::format("jail {} depends on jail {}, and there is none", names[i], other));
      if (std::ranges::find(names, other) == names.end()) names.push_back(other);
    }
  }
  return names;
}

Needs reversed(const Needs &needs) {
  Needs turned;
  for (const auto &[name, before] : needs) {
    turned[name];
    for (const auto &other : before) turned[other].push_back(name);
  }
  return turned;
}

namespace {

// Depth first; `path` is the way to where it stands, so that a loop can be told.
class Walk {
public:
  Walk(const Needs &needs, const std::vector<std::string> &names) : needs_(needs), names_(names.begin(), names.end()) {}

  Status visit(const std::string &name) {
    if (done_.contains(name)) return {};
    if (const auto at = std::ranges::find(path_, name); at != path_.end())
      return fail(ErrorKind::Malformed,
                  fmt::format("jails need each other: {} -> {}", fmt::join(at, path_.end(), " -> "), name));
    path_.push_back(name);
    if (const auto at = needs_.find(name); at != needs_.end()) {
      for (const auto &other : at->second)
        if (names_.contains(other)) TRY(visit(other));
    }
    path_.pop_back();
    done_.insert(name);
    order.push_back(name);
    return {};
  }

  std::vector<std::string> order;

private:
  const Needs &needs_;
  std::set<std::string> names_;
  std::set<std::string> done_;
  std::vector<std::string> path_;
};

} // namespace

Result<std::vector<std::string>> in_order(const Needs &needs, const std::vector<std::string> &names) {
  Walk walk(needs, names);
  for (const auto &name : names) TRY(walk.visit(name));
  return std::move(walk.order);
}

} // namespace jails
