// A second jail of the same profile, with an empty root, that stands while another is verified: its processes, its
// port and its sockets are what must be out of reach. It ends with this process, however that ends.
#pragma once

#include "model/spec.h"
#include "verify/trial.h"

#include <optional>
#include <string>
#include <vector>

namespace jails::verify {

class Decoy {
public:
  static Result<Decoy> start(const Instance &instance, Profile profile);
  Decoy(Decoy &&) noexcept;
  Decoy &operator=(Decoy &&) = delete;
  ~Decoy();

  [[nodiscard]] uint16_t port() const { return port_; } // reserved by it, TCP and UDP
  [[nodiscard]] const std::vector<std::string> &abstract_names() const { return names_; }
  [[nodiscard]] std::vector<Target> processes() const;
  // Connections and datagrams on its abstract sockets since the last call.
  size_t arrived();
  // Runs in the decoy, as its root.
  Probe &probe() { return *root_; }

private:
  Decoy() = default;
  Status start_supervisor(const Instance &instance, const Spec &spec);
  Status populate(const Instance &instance, const JailName &name);

  pid_t supervisor_ = 0;
  uint16_t port_ = 0;
  std::optional<Probe> root_, user_;
  std::vector<std::string> names_;
  std::vector<long> sockets_; // descriptors in root_
};

// Removes what a verify that was killed together with its decoy's supervisor left.
void clear_decoys(const Instance &instance);

// A port that nobody has, TCP or UDP, at this moment: 0 asks the kernel for one, otherwise the highest free one at or
// below `from`. 0: none.
uint16_t free_port(uint16_t from);

} // namespace jails::verify
