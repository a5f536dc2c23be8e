// What jailmgr keeps on disk: DATA/jails/NAME/{jail.toml,root/}, bases in DATA/base/. DATA is 0700 and root's. A name
// that begins with a dot is a directory that is being made or removed. A jail has one configuration file: the one in
// its directory, which `create` made, or CONFIG/jails.d/NAME.toml, which is the operator's.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "config/jail_config.h"
#include "config/layers.h"
#include "model/instance.h"
#include "sys/lock.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace jailmgr {

class Store {
public:
  // NotFound: nobody ran bootstrap.
  static jails::Result<Store> open(const jails::Instance &instance);

  [[nodiscard]] std::string jails_dir() const { return instance_->data_dir() + "/jails"; }
  [[nodiscard]] std::string jail_dir(const jails::JailName &name) const { return jails_dir() + "/" + name.str(); }
  [[nodiscard]] std::string own_file(const jails::JailName &name) const { return jail_dir(name) + "/jail.toml"; }
  [[nodiscard]] std::string declaration_dir() const { return instance_->config_dir() + "/jails.d"; }
  [[nodiscard]] std::string declaration(const jails::JailName &name) const {
    return declaration_dir() + "/" + name.str() + ".toml";
  }
  // Exists: there are two. NotFound: none.
  [[nodiscard]] jails::Result<std::string> config_file(const jails::JailName &name) const;
  // Of the root, where a limit of disk space made one necessary (disk.h).
  [[nodiscard]] std::string image_file(const jails::JailName &name) const { return jail_dir(name) + "/disk.img"; }
  // The provision script that was run last.
  [[nodiscard]] std::string provisioned_file(const jails::JailName &name) const {
    return jail_dir(name) + "/provisioned";
  }
  // Made, and certainly without a configuration: neither file is there.
  [[nodiscard]] bool is_orphan(const jails::JailName &name) const;
  // What all configurations stand on, from jailmgr.toml, which is read once.
  [[nodiscard]] jails::Result<jails::Common> common() const;
  [[nodiscard]] std::string default_root(const jails::JailName &name) const { return jail_dir(name) + "/root"; }
  [[nodiscard]] std::string base_dir(const std::string &base) const { return instance_->data_dir() + "/base/" + base; }

  [[nodiscard]] jails::Result<std::vector<jails::JailName>> names() const;     // that are made, sorted
  [[nodiscard]] jails::Result<std::vector<jails::JailName>> declared() const;  // in CONFIG/jails.d, made or not, sorted
  [[nodiscard]] jails::Result<std::vector<jails::JailName>> all_names() const; // both
  [[nodiscard]] bool contains(const jails::JailName &name) const;
  // NotFound "there is no jail named 'x'", or that it is declared only.
  [[nodiscard]] jails::Status require(const jails::JailName &name) const;
  [[nodiscard]] jails::Result<jails::JailConfig> load(const jails::JailName &name) const; // made or not

  // What a start works from: the configuration, and the base's tree among the mounts of a thin root.
  [[nodiscard]] jails::Result<jails::Spec> spec(const jails::JailConfig &config) const;

  // Exists "port 8080 is reserved by jail db": by another jail's configuration, or in the kernel's table.
  [[nodiscard]] jails::Status check_ports(const jails::JailName &name,
                                          std::span<const jails::PortReservation> ports) const;

  // Exists "jail web exists already", or that it is declared in CONFIG/jails.d.
  [[nodiscard]] jails::Status require_free(const jails::JailName &name) const;

  // Removes what a create, clone or destroy that was killed left behind, and finishes a rename. What cannot be removed
  // is named on stderr and stays: no jail has to wait for it. Takes name locks: the caller has none.
  jails::Status clean() const;

  // Gives a jail's directory another name. What else a rename has to do comes after that (renaming.h); until
  // end_move() it is known as under way. Exists: another has that name by now.
  [[nodiscard]] jails::Status move(const jails::JailName &from, const jails::JailName &to) const;
  // Where the directory `to` comes from, if its rename is under way.
  [[nodiscard]] std::optional<jails::JailName> moved_from(const jails::JailName &to) const;
  void end_move(const jails::JailName &to) const;

  // A fresh directory that clean() leaves alone while `alive` is open. commit() gives it its name; otherwise it is
  // removed again.
  class Draft {
  public:
    Draft(Draft &&other) noexcept;
    Draft &operator=(Draft &&) = delete;
    ~Draft();
    [[nodiscard]] int dir() const { return alive_.get(); }
    [[nodiscard]] std::string path() const { return jails_dir_ + "/" + entry_; }
    // Exists: another has that name by now.
    jails::Status commit(const Store &store, const jails::JailName &name);

  private:
    friend class Store;
    Draft(jails::Fd alive, std::string jails_dir, std::string entry);
    jails::Fd alive_;
    std::string jails_dir_, entry_; // entry_ empty: committed or moved from
  };
  [[nodiscard]] jails::Result<Draft> draft(const jails::JailName &name) const;

  // Removes NAME and everything in it. The caller knows that nothing uses it.
  [[nodiscard]] jails::Status remove(const jails::JailName &name) const;

private:
  explicit Store(const jails::Instance &instance, jails::Fd jails) : instance_(&instance), jails_(std::move(jails)) {}
  [[nodiscard]] jails::Result<jails::sys::FileLock> lock() const;

  const jails::Instance *instance_;
  jails::Fd jails_;
  mutable std::optional<jails::Common> common_;
};

} // namespace jailmgr
