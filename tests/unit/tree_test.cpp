#include "result.h"
#include "sys/copy_tree.h"
#include "sys/descent.h"
#include "sys/file.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace jails::sys {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDeep = 4000; // levels; no path goes that far
constexpr rlim_t kFew = 40;    // descriptors

Fd open_dir(int at, const std::string &name) {
  return Fd(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// As a jail would: mkdir d; cd d; ... The lowest one.
Fd chain(int at, const std::string &name, size_t levels) {
  Fd here(fcntl(at, F_DUPFD_CLOEXEC, 0));
  for (size_t i = 0; i < levels; i++) {
    if (mkdirat(here.get(), name.c_str(), 0755) != 0) return {};
    here = open_dir(here.get(), name);
  }
  return here;
}

bool put(int at, const std::string &name) {
  return Fd(openat(at, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)).valid();
}

// With few descriptors, and a stack that a recursion of thousands does not fit into.
Status confined(const std::function<Status()> &act) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{kFew, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  struct Job {
    const std::function<Status()> &act;
    Status status;
  } job{act, {}};
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256U << 10U);
  pthread_t thread{};
  const auto run = [](void *p) -> void * {
    auto *mine = static_cast<Job *>(p);
    mine->status = mine->act();
    return nullptr;
  };
  if (pthread_create(&thread, &small, run, &job) != 0) abort();
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  setrlimit(RLIMIT_NOFILE, &before);
  return job.status;
}

class Trees : public testing::Test {
protected:
  void SetUp() override {
    std::string path = fs::temp_directory_path() / "jails-tree-XXXXXX";
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    top_ = path;
    dir_ = open_dir(AT_FDCWD, top_);
    ASSERT_TRUE(fs::create_directory(top_ + "/outside"));
    std::ofstream(top_ + "/outside/file") << "kept";
  }
  void TearDown() override {
    EXPECT_TRUE(fs::exists(top_ + "/outside/file"));
    ASSERT_EQ(system(("rm -rf " + top_).c_str()), 0);
  }
  // Siblings that reach further down than what is kept open, below one another, with files before, between and after.
  void make_comb(const std::string &name) {
    Fd here = chain(dir_.get(), name, 1);
    for (int level = 0; level < 3; level++) {
      for (int i = 0; i < 60; i++) {
        const std::string tooth = "tooth" + std::to_string(i);
        const Fd low = chain(here.get(), tooth, 12);
        ASSERT_TRUE(put(low.get(), "low") && put(here.get(), "file" + std::to_string(i)));
        ASSERT_EQ(symlinkat((top_ + "/outside").c_str(), low.get(), "link"), 0);
      }
      here = chain(here.get(), "x", 10);
    }
  }
  // Name, mode and times of all that is in a tree, in any order.
  std::vector<std::string> list(const std::string &name) {
    std::vector<std::string> found;
    auto at = Descent::from(open_dir(dir_.get(), name));
    std::vector<std::string> path;
    while (at) {
      const auto next = at->next();
      if (!next || (*next == nullptr && at->depth() == 0)) break;
      if (*next == nullptr) {
        if (!at->leave()) break;
        path.pop_back();
        continue;
      }
      const std::string entry = (*next)->d_name;
      struct stat st{};
      if (fstatat(at->fd(), entry.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) break;
      std::string line = std::to_string(path.size()) + " " + (path.size() < 100 ? testing::PrintToString(path) : "") +
                         entry + " " + std::to_string(st.st_mode) + " " + std::to_string(st.st_mtim.tv_nsec);
      found.push_back(std::move(line));
      if (!S_ISDIR(st.st_mode)) continue;
      if (!at->enter(entry)) break;
      path.push_back(entry);
    }
    std::ranges::sort(found);
    return found;
  }
  std::vector<std::string> names() {
    auto found = *names_in(dir_.get());
    std::ranges::sort(found);
    return found;
  }

  std::string top_;
  Fd dir_;
};
using RemoveTree = Trees;
using CopyTree = Trees;

const std::vector<std::string> kNothingElse{".", "..", "outside"};

TEST_F(RemoveTree, DeeperThanDescriptorsAndStackGo) {
  ASSERT_EQ(mkdirat(dir_.get(), "top", 0700), 0);
  const Fd top = open_dir(dir_.get(), "top");
  for (const char *name : {"d", "e"}) { // two of them: what is done about one must not be in the way of the other
    const Fd low = chain(top.get(), name, kDeep);
    ASSERT_TRUE(put(low.get(), "file"));
    ASSERT_EQ(symlinkat((top_ + "/outside").c_str(), low.get(), "link"), 0);
  }
  EXPECT_EQ(error_text(confined([&] { return remove_tree(dir_.get(), "top"); })), "(no error)");
  EXPECT_EQ(names(), kNothingElse);
}

TEST_F(RemoveTree, WideAtAllDepths) {
  make_comb("comb");
  EXPECT_EQ(error_text(confined([&] { return remove_tree(dir_.get(), "comb"); })), "(no error)");
  EXPECT_EQ(names(), kNothingElse);
}

TEST_F(RemoveTree, LinksFilesAndNothing) {
  ASSERT_EQ(symlinkat("outside", dir_.get(), "link"), 0);
  EXPECT_TRUE(remove_tree(dir_.get(), "link"));
  EXPECT_TRUE(remove_tree(dir_.get(), "link"));
  EXPECT_EQ(names(), kNothingElse);
}

TEST_F(CopyTree, DeeperThanDescriptorsAndStackGo) {
  const Fd high = chain(dir_.get(), "d", 1);
  const Fd low = chain(high.get(), "d", kDeep - 1);
  ASSERT_TRUE(put(low.get(), "one") && put(high.get(), "one"));
  ASSERT_EQ(linkat(low.get(), "one", low.get(), "two", 0), 0); // no path leads there
  ASSERT_EQ(linkat(high.get(), "one", high.get(), "two", 0), 0);
  EXPECT_EQ(error_text(confined([&] { return copy_tree(dir_.get(), "d", dir_.get(), "copy"); })), "(no error)");
  const auto want = list("d");
  EXPECT_EQ(want.size(), kDeep - 1 + 4);
  EXPECT_TRUE(list("copy") == want);
  EXPECT_EQ(fs::hard_link_count(top_ + "/copy/one"), 2U);
  EXPECT_EQ(error_text(confined([&] { return remove_tree(dir_.get(), "copy"); })), "(no error)");
}

TEST_F(CopyTree, WideAtAllDepths) {
  make_comb("comb");
  EXPECT_EQ(error_text(confined([&] { return copy_tree(dir_.get(), "comb", dir_.get(), "copy"); })), "(no error)");
  const auto want = list("comb");
  EXPECT_EQ(want.size(), 3U * 60 * 15 + 3 * 10);
  EXPECT_EQ(list("copy"), want);
}

TEST_F(CopyTree, ContentIntoADirectoryThatIsThere) {
  const Fd from = chain(dir_.get(), "from", 1);
  const Fd below = chain(from.get(), "below", 1);
  ASSERT_TRUE(put(from.get(), "one") && put(from.get(), "x"));
  ASSERT_EQ(linkat(from.get(), "one", below.get(), "two", 0), 0);
  ASSERT_EQ(fchmod(from.get(), 01751), 0);
  const Fd to = chain(dir_.get(), "to", 1);
  EXPECT_EQ(error_text(copy_content(from.get(), to.get(), Special::Copy)), "(no error)");
  EXPECT_EQ(list("to"), list("from"));
  EXPECT_TRUE(fs::equivalent(top_ + "/to/one", top_ + "/to/below/two"));
  EXPECT_EQ(fs::status(top_ + "/to").permissions(), fs::perms(01751));
}

TEST_F(CopyTree, AnErrorFarDownIsOneShortLine) {
  const std::string name(200, 'd');
  const Fd low = chain(dir_.get(), name, kDeep);
  ASSERT_TRUE(low);
  const auto too_few = [&] { // fewer than a copy has open
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 20;
    setrlimit(RLIMIT_NOFILE, &limit);
    return copy_tree(dir_.get(), name, dir_.get(), "copy");
  };
  const auto status = confined(too_few);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().sys_errno(), EMFILE);
  EXPECT_LT(status.error().text().size(), 1000U) << status.error().text();
}

// In a mount namespace of one thread: of the same file system, which a device number does not tell.
TEST_F(Trees, MountsAreNotGoneInto) {
  fs::create_directories(top_ + "/tree/point");
  fs::create_directories(top_ + "/tree/plain");
  fs::copy(top_ + "/outside/file", top_ + "/tree/plain/file");
  Status copied, removed;
  const Status mounted = confined([&]() -> Status {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount((top_ + "/outside").c_str(), (top_ + "/tree/point").c_str(), nullptr, MS_BIND, nullptr) != 0)
      return fail_errno("a mount");
    if (!fs::exists(top_ + "/tree/point/file")) return fail(ErrorKind::System, "it shows nothing");
    const Fd top = open_dir(AT_FDCWD, top_);
    copied = copy_tree(top.get(), "tree", top.get(), "copy");
    removed = remove_tree(top.get(), "tree");
    return {};
  });
  if (!mounted && mounted.error().kind() == ErrorKind::Denied) GTEST_SKIP() << mounted.error().text();
  EXPECT_EQ(error_text(mounted), "(no error)");
  EXPECT_EQ(error_text(copied), "(no error)");
  EXPECT_TRUE(fs::exists(top_ + "/copy/plain/file") && fs::is_empty(top_ + "/copy/point"));
  EXPECT_ERROR(removed, ErrorKind::Busy, "point: Device or resource busy (is something mounted there?)");
  EXPECT_TRUE(remove_tree(dir_.get(), "tree")); // the control: nothing is mounted out here
}

TEST_F(Trees, ADirectoryThatWasMovedEndsTheWalk) {
  ASSERT_TRUE(chain(dir_.get(), "d", 20));
  auto at = Descent::from(open_dir(dir_.get(), "d"));
  ASSERT_TRUE(at);
  while (const dirent *entry = *at->next()) ASSERT_TRUE(at->enter(std::string(entry->d_name)));
  EXPECT_EQ(at->depth(), 19U);
  fs::rename(top_ + "/d/d/d/d", top_ + "/outside/d");
  size_t left = 0;
  auto name = at->leave();
  for (; name; name = at->leave()) EXPECT_EQ(*name, "d") << ++left;
  EXPECT_ERROR(name, ErrorKind::Busy, "a directory was moved meanwhile");
  EXPECT_EQ(at->depth(), 3U); // where it was: not in the other parent
}

TEST_F(Trees, NextGoesOnWhereItWas) {
  make_comb("comb");
  const auto all = list("comb");
  EXPECT_EQ(all.size(), 3U * 60 * 15 + 3 * 10);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

} // namespace
} // namespace jails::sys
