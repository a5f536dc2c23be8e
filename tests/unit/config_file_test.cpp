#include "base/fd.h"
#include "config/file.h"
#include "result.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails {
namespace {

namespace fs = std::filesystem;

class ConfigFile : public testing::Test {
protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "jails-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }

  [[nodiscard]] std::string at(const std::string &name) const { return dir_ + "/" + name; }
  void put(const std::string &name, std::string_view bytes, mode_t mode = 0600) const {
    std::ofstream(at(name), std::ios::binary) << bytes;
    ASSERT_EQ(chmod(at(name).c_str(), mode), 0);
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto &entry : fs::directory_iterator(dir_)) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }

  std::string dir_;
  JailName web_ = *JailName::parse("web");
};

TEST_F(ConfigFile, ReadsWhatIsThere) {
  put("f", "version = 1\n");
  EXPECT_EQ(*read_file(at("f")), "version = 1\n");
  put("f", "", 0644);
  EXPECT_EQ(*read_file(at("f")), "");
  put("f", std::string(kConfigFileMax, '#'), 0400);
  EXPECT_EQ(read_file(at("f"))->size(), kConfigFileMax);
}

TEST_F(ConfigFile, RefusesWhatOthersMayHaveMade) {
  EXPECT_ERROR(read_file(at("none")), ErrorKind::NotFound, at("none") + ": cannot open: No such file or directory");
  put("f", "x");
  fs::create_symlink(at("f"), at("link"));
  EXPECT_ERROR(read_file(at("link")), ErrorKind::Denied, at("link") + ": is a symbolic link, expected the file itself");
  EXPECT_ERROR(read_file(dir_), ErrorKind::Malformed, dir_ + ": not a regular file");
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0); // must not block either
  EXPECT_ERROR(read_file(at("fifo")), ErrorKind::Malformed, at("fifo") + ": not a regular file");
  EXPECT_ERROR(read_file("/dev/null"), ErrorKind::Malformed, "/dev/null: not a regular file");
  put("group", "x", 0620);
  EXPECT_ERROR(read_file(at("group")), ErrorKind::Denied,
               at("group") + ": mode 0620 lets others write it, expected 0600 or 0644");
  put("all", "x", 0602);
  EXPECT_ERROR(read_file(at("all")), ErrorKind::Denied,
               at("all") + ": mode 0602 lets others write it, expected 0600 or 0644");
  put("large", std::string(kConfigFileMax + 1, '#'));
  EXPECT_ERROR(read_file(at("large")), ErrorKind::Malformed, at("large") + ": larger than 1 MiB");
}

TEST_F(ConfigFile, RefusesAnotherOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  put("f", "x");
  ASSERT_EQ(chown(at("f").c_str(), 12345, 0), 0);
  EXPECT_ERROR(read_file(at("f")), ErrorKind::Denied,
               at("f") + ": belongs to uid 12345, expected root: its owner could change what root runs");
}

TEST_F(ConfigFile, WriteReplacesWhole) {
  const mode_t before = umask(0);
  ASSERT_TRUE(write_file(at("f"), "one"));
  put("f", "one and more", 0644);
  ASSERT_TRUE(write_file(at("f"), "two"));
  umask(before);
  EXPECT_EQ(*read_file(at("f")), "two");
  struct stat st{};
  ASSERT_EQ(stat(at("f").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777U, 0600U);
  EXPECT_EQ(names(), std::vector<std::string>{"f"});
}

TEST_F(ConfigFile, WhatAKilledWriterLeftIsGoneWithTheNextSave) {
  put(".new", "half of a longer text");
  ASSERT_TRUE(write_file(at("f"), "one"));
  EXPECT_EQ(*read_file(at("f")), "one");
  EXPECT_EQ(names(), std::vector<std::string>{"f"});
}

TEST_F(ConfigFile, WriteReplacesALinkNotItsTarget) {
  put("target", "old");
  fs::create_symlink(at("target"), at("link"));
  ASSERT_TRUE(write_file(at("link"), "new"));
  EXPECT_FALSE(fs::is_symlink(at("link")));
  EXPECT_EQ(*read_file(at("target")), "old");
}

TEST_F(ConfigFile, FailureLeavesNothingBehind) {
  fs::create_directory(at("d"));
  EXPECT_ERROR(write_file(at("d"), "x"), ErrorKind::System, at("d") + ": cannot rename into place: Is a directory");
  EXPECT_EQ(names(), std::vector<std::string>{"d"});
  EXPECT_ERROR(write_file(at("none/f"), "x"), ErrorKind::NotFound,
               at("none/f") + ": cannot open its directory: No such file or directory");
  put("f", "old");
  EXPECT_ERROR(write_file(at("f"), std::string(kConfigFileMax + 1, '#')), ErrorKind::Usage,
               at("f") + ": would be larger than 1 MiB");
  EXPECT_EQ(*read_file(at("f")), "old");
}

// Two writers at a time: each file that a reader sees is whole.
TEST_F(ConfigFile, ConcurrentWritersDoNotMix) {
  put("f", std::string(1000, 'a'));
  std::vector<pid_t> writers;
  for (char c : {'a', 'b'}) {
    const pid_t pid = fork();
    if (pid == 0) {
      for (int i = 0; i < 50; i++)
        if (!write_file(at("f"), std::string(100000, c))) _exit(1);
      _exit(0);
    }
    writers.push_back(pid);
  }
  for (int i = 0; i < 200; i++) {
    const auto text = read_file(at("f"));
    ASSERT_TRUE(text) << error_text(text);
    ASSERT_EQ(text->find_first_not_of(text->front()), text->npos);
  }
  for (pid_t pid : writers) {
    int status = -1;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(names(), std::vector<std::string>{"f"});
}

TEST_F(ConfigFile, JailThereAndBack) {
  JailConfig config = default_jail(web_, at("root"));
  config.spec.command = {"/bin/sleep", "60"};
  ASSERT_TRUE(save_jail(at("jail.toml"), config));
  const auto back = load_jail(at("jail.toml"), web_, at("root"));
  ASSERT_TRUE(back) << error_text(back);
  EXPECT_EQ(*back, config);
  put("jail.toml", "\nport = [80]");
  EXPECT_ERROR(load_jail(at("jail.toml"), web_, at("root")), ErrorKind::Malformed,
               at("jail.toml") + ":2: unknown key 'port', did you mean 'ports'?");
}

TEST_F(ConfigFile, JailThatCannotBeWrittenIsRefused) {
  JailConfig config = default_jail(web_, at("root"));
  config.spec.limits.memory = 0;
  EXPECT_FALSE(save_jail(at("jail.toml"), config));
  config = default_jail(web_, at("root"));
  config.spec.command = {"/bin/echo", "\xff"}; // execve(2) takes it, TOML does not
  const auto saved = save_jail(at("jail.toml"), config);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().kind(), ErrorKind::Usage);
  EXPECT_NE(saved.error().text().find("not UTF-8"), std::string::npos) << saved.error().text();
  EXPECT_TRUE(names().empty());
}

TEST_F(ConfigFile, ToolThereAndBack) {
  EXPECT_EQ(*load_tool(at("none.toml")), ToolConfig{});
  ToolConfig config;
  config.root = RootKind::Thick;
  ASSERT_TRUE(save_tool(at("t.toml"), config));
  EXPECT_EQ(*load_tool(at("t.toml")), config);
  config.root = RootKind::Plain;
  EXPECT_FALSE(save_tool(at("t.toml"), config));
  put("t.toml", "x", 0666);
  EXPECT_FALSE(load_tool(at("t.toml"))); // unreadable is not absent
}

} // namespace
} // namespace jails
