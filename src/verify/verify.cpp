#include "verify/verify.h"

#include "jail/control.h"
#include "verify/canary.h"
#include "verify/decoy.h"
#include "verify/defence.h"
#include "verify/host.h"
#include "verify/trial.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::verify {
namespace {

constexpr std::string_view kAllAtOnce = "signal-all";

// A key that this process alone holds; the host's root may look at it. 0: this kernel has none.
int make_key() {
  const long key = syscall(SYS_add_key, "user", "jail-verify", "x", 1, -2 /* the process's keyring */);
  return key > 0 ? static_cast<int>(key) : 0;
}

// Everything that an act could reach, and the comparison of before and after.
class Field {
public:
  static Result<Field> prepare(const Instance &instance, const JailRow &row);

  [[nodiscard]] const Targets &targets() const { return targets_; }
  [[nodiscard]] const Targets &control_targets() const { return control_targets_; }
  Decoy *decoy() { return decoy_ ? &*decoy_ : nullptr; }
  [[nodiscard]] const std::string &no_decoy() const { return no_decoy_; }

  void remember();
  // Into the trial, what is not as it was.
  void compare(Trial &trial, bool decoy_is_used);

private:
  Field(Canary root, Canary user, Canary control, AbstractSockets sockets)
      : root_(std::move(root)), user_(std::move(user)), control_(std::move(control)), sockets_(std::move(sockets)) {}
  void aim(const Instance &instance, const JailRow &row);

  Canary root_, user_, control_;
  AbstractSockets sockets_;
  std::optional<Decoy> decoy_;
  std::string no_decoy_;
  Targets targets_, control_targets_;
  std::vector<ProcessState> before_;
};

Result<Field> Field::prepare(const Instance &instance, const JailRow &row) {
  Field field(TRY(Canary::start(0)), TRY(Canary::start(kUser)), TRY(Canary::start(0)), TRY(AbstractSockets::open()));
  auto decoy = Decoy::start(instance, row.profile);
  if (decoy)
    field.decoy_.emplace(std::move(*decoy));
  else
    field.no_decoy_ = decoy.error().text();
  field.aim(instance, row);
  return field;
}

void Field::aim(const Instance &instance, const JailRow &row) {
  Targets common;
  common.file = instance.run_dir() + "/lock";
  struct stat st{};
  if (stat(common.file.c_str(), &st) == 0) common.device = st.st_dev, common.inode = st.st_ino;
  common.key = make_key();
  for (const auto &socket : sockets_.sockets()) common.abstract_names.push_back(socket.name);
  targets_ = control_targets_ = common;
  control_targets_.processes = {{"the control's canary", control_.pid(), control_.address()}};
  control_targets_.port = free_port(0);
  targets_.processes = {{"a host process of root", root_.pid(), root_.address()},
                        {"a host process of uid 1000", user_.pid(), user_.address()}};
  targets_.bystanders = {{"the jail's supervisor", row.supervisor, 0}, {"process 1", 1, 0}};
  if (!decoy_) return;
  targets_.port = decoy_->port();
  for (auto &target : decoy_->processes()) targets_.processes.push_back(std::move(target));
  for (const auto &name : decoy_->abstract_names()) targets_.abstract_names.push_back(name);
}

void Field::remember() {
  before_.clear();
  for (const auto &target : targets_.processes) before_.push_back(state_of(target.pid));
  sockets_.arrived();
}

void Field::compare(Trial &trial, bool decoy_is_used) {
  for (size_t i = 0; i < targets_.processes.size(); i++) {
    if (i >= 2 && decoy_is_used) break;
    const auto changed = differences(before_[i], state_of(targets_.processes[i].pid));
    if (!changed.empty()) trial.disturbed(fmt::format("{}: {}", targets_.processes[i].label, changed));
  }
  if (!root_.word_intact() || !user_.word_intact()) trial.disturbed("memory of a host process");
  if (sockets_.arrived() != 0) trial.disturbed("a connection to an abstract socket of the host");
  if (decoy_ && decoy_->arrived() != 0) trial.disturbed("a connection to an abstract socket of the decoy");
}

Row run_check(const Check &check, const Subject &subject, Field &field, Probe &control, Probe &root, Probe &user) {
  Trial trial(check, subject);
  if (check.no_control == nullptr) {
    trial.as(Identity::Control, control, field.control_targets());
    check.run(trial);
  }
  for (const auto identity : {Identity::Root, Identity::User}) {
    field.remember();
    trial.as(identity, identity == Identity::Root ? root : user, field.targets());
    check.run(trial);
    field.compare(trial, false);
  }
  return trial.row();
}

// With the decoy's own processes as what shows that it reaches anybody.
Row run_in_decoy(const Check &check, const Subject &subject, Field &field, const std::vector<Row> &rows) {
  Trial trial(check, subject);
  const auto single = std::ranges::find(rows, "signal", &Row::id);
  Targets own;
  if (field.decoy() == nullptr) {
    trial.skip("there is no decoy jail to try it in");
  } else if (single == rows.end() || single->verdict != Verdict::Ok) {
    trial.skip("not tried: single signals already get out");
  } else {
    own.processes = {field.decoy()->processes().back()};
    field.remember();
    trial.as(Identity::Root, field.decoy()->probe(), own);
    check.run(trial);
    field.compare(trial, true);
  }
  return trial.row();
}

Subject subject_of(const Instance &instance, const JailRow &row, std::set<uint16_t> &taken) {
  Subject subject{
      .row = row, .instance = instance, .low_port = free_port(1023), .high_port = free_port(0), .taken = &taken};
  if (const auto all = Tables::open(instance); all)
    if (const auto rows = all->list(); rows)
      for (const auto &other : *rows)
        for (const auto &port : other.ports)
          if (other.jid != row.jid) taken.insert(port.port);
  // A port of its own is no test; free_port() does not know it from a free one.
  auto own = [&](uint16_t port) {
    return std::ranges::any_of(row.ports, [port](const auto &p) { return p.port == port; });
  };
  while (subject.low_port != 0 && own(subject.low_port))
    subject.low_port = free_port(static_cast<uint16_t>(subject.low_port - 1));
  if (own(subject.high_port)) subject.high_port = 0;
  return subject;
}

} // namespace

Result<Report> verify_jail(const Instance &instance, const JailRow &row) {
  const auto began = std::chrono::steady_clock::now();
  signal(SIGPIPE, SIG_IGN);
  const auto name = TRY(JailName::parse(row.name));
  if (!is_running(instance, name) || row.anchor == 0)
    return fail(ErrorKind::NotFound, fmt::format("jail {} is not running", row.name));
  clear_decoys(instance);
  Report report{.jail = row.name, .jid = row.jid, .profile = row.profile, .rows = {}, .defences = defences(instance)};
  {
    Field field = TRY(Field::prepare(instance, row));
    std::set<uint16_t> taken;
    Subject subject = subject_of(instance, row, taken);
    subject.permissions = effective(row.profile, TRY(spec_in_force(instance, name)).permissions);
    report.rows.push_back({"decoy", "make a jail of the same profile", "it stands",
                           field.decoy() != nullptr ? "it stands" : field.no_decoy(),
                           field.decoy() != nullptr ? Verdict::Ok : Verdict::Gap});
    Probe control = TRY(Probe::outside());
    Probe root = TRY(Probe::inside(instance, name, 0));
    Probe user = TRY(Probe::inside(instance, name, kUser));
    for (const auto checks : {process_checks(), network_checks(), file_checks(), call_checks()})
      for (const auto &check : checks)
        report.rows.push_back(check.id == kAllAtOnce ? run_in_decoy(check, subject, field, report.rows)
                                                     : run_check(check, subject, field, control, root, user));
    for (auto &found : host_rows(subject)) report.rows.push_back(std::move(found));
  }
  const auto now = find_jail(instance, row.name);
  if (!now || now->jid != row.jid || now->anchor != row.anchor) // the gaps would be those of the stop
    return fail(ErrorKind::Busy, fmt::format("jail {} ended, or was restarted, while it was looked at", row.name));
  const auto took = std::chrono::steady_clock::now() - began;
  report.milliseconds = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return report;
}

} // namespace jails::verify
