#include "log/files.h"
#include "log/line.h"
#include "log/reader.h"
#include "log/when.h"
#include "result.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace jails::log {
namespace {

std::vector<std::string> lines_of(std::initializer_list<std::string_view> chunks) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const auto emit = [&](std::string_view line, bool more) { lines.push_back(std::string(line) + (more ? "+" : "")); };
  for (const auto chunk : chunks) splitter.feed(chunk, emit);
  splitter.flush(emit);
  return lines;
}

TEST(LineSplitter, Lines) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines_of({"a\nb\n"}), (Lines{"a", "b"}));
  EXPECT_EQ(lines_of({"a", "b\nc", "\n", "\n"}), (Lines{"ab", "c", ""}));
  EXPECT_EQ(lines_of({"no end"}), (Lines{"no end"}));
  EXPECT_EQ(lines_of({}), Lines{});
}

TEST(LineSplitter, LongLinesAreCutAtTheSamePointWhateverTheChunks) {
  const std::string full(kMaxLine, 'x');
  EXPECT_EQ(lines_of({full + "\n"}), std::vector{full});
  EXPECT_EQ(lines_of({full, "\n"}), std::vector{full});
  EXPECT_EQ(lines_of({full + "y\n"}), (std::vector<std::string>{full + "+", "y"}));
  EXPECT_EQ(lines_of({full, "y", "\n"}), (std::vector<std::string>{full + "+", "y"}));
  EXPECT_EQ(lines_of({full + full, "\n"}), (std::vector<std::string>{full + "+", full}));
  const std::string stream = std::string(3 * kMaxLine + 5, 'a') + "\nb\n";
  std::vector<std::string> bytewise;
  LineSplitter splitter;
  for (const char &c : stream)
    splitter.feed({&c, 1},
                  [&](std::string_view line, bool more) { bytewise.push_back(std::string(line) + (more ? "+" : "")); });
  EXPECT_EQ(bytewise, lines_of({stream}));
}

TEST(Record, ComesBack) {
  for (const auto stream : {Stream::Out, Stream::Err, Stream::Jail})
    for (const bool more : {false, true})
      for (int level = 0; level < 8; level++) {
        const Record record{.time_ms = 1795348805123, .level = level, .stream = stream, .more = more, .text = "a: b "};
        char head[kMaxHead];
        const std::string line = std::string(head, write_head(head, record)) + "a: b ";
        EXPECT_EQ(parse_record(line), record) << line;
      }
  EXPECT_TRUE(parse_record("2026-11-22T12:00:00.123Z notice stdout: "));
}

TEST(Record, NotOne) {
  for (const auto *bad : {"", "x", "2026-11-22T12:00:00.123Z",
                          "2026-11-22T12:00:00.123Z notice stdout:", "2026-11-22T12:00:00.123Z notice stdout:x",
                          "2026-11-22T12:00:00.123Z 5 stdout: x", "2026-11-22T12:00:00.123Z warn stdout: x",
                          "2026-11-22T12:00:00.123Z notice stdin: x", "2026-13-22T12:00:00.123Z notice stdout: x",
                          "2026-02-31T12:00:00.123Z notice stdout: x", "2026-11-22T25:00:00.123Z notice stdout: x",
                          "2026-11-22 12:00:00.123Z notice stdout: x", "2026-11-22T12:00:00.12-Z notice stdout: x"})
    EXPECT_FALSE(parse_record(bad)) << bad;
}

TEST(When, Forms) {
  setenv("TZ", "Etc/GMT-2", 1); // two hours east
  tzset();
  const int64_t now = 1795348805123; // 2026-11-22T12:00:05.123Z, 14:00:05 here
  EXPECT_EQ(*parse_when("now", now), now);
  EXPECT_EQ(*parse_when("10m", now), now - 600000);
  EXPECT_EQ(*parse_when("90", now), now - 90000);
  EXPECT_EQ(*parse_when("2d", now), now - 172800000);
  EXPECT_EQ(*parse_when("2026-11-22T12:00:05.123Z", now), now);
  EXPECT_EQ(*parse_when("2026-11-22 14:00:05", now), now - 123);
  EXPECT_EQ(*parse_when("2026-11-22T14:00", now), now - 5123);
  EXPECT_EQ(*parse_when("14:00:05", now), now - 123);
  EXPECT_EQ(*parse_when("2026-11-22", now), now - 123 - (14 * 3600 + 5) * 1000);
  EXPECT_EQ(*parse_when("2026-11-22Z", now), now - 123 - (12 * 3600 + 5) * 1000);
  for (const auto *bad : {"", "x", "10x", "-1", "2026-11", "2026-02-30", "25:00", "12:60", "12:0", "2026-11-22x12:00",
                          "2026-11-22T12:00:05.Z", "12:00:5", "T", "Z"})
    EXPECT_EQ(parse_when(bad, now).error().kind(), ErrorKind::Usage) << bad;
}

class Files : public testing::Test {
protected:
  Files() {
    char name[] = "/tmp/log-files-XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ + "/web.log";
  }
  ~Files() override { std::filesystem::remove_all(directory_); }
  static void append(const std::string &path, const std::string &text) { std::ofstream(path, std::ios::app) << text; }
  // Record number n, a second after the one before.
  static std::string record(int n) {
    char head[kMaxHead];
    const Record record{
        .time_ms = 1795348800000 + n * 1000, .level = 5, .stream = Stream::Out, .more = false, .text = {}};
    return std::string(head, write_head(head, record)) + std::to_string(n) + "\n";
  }
  static void append_records(const std::string &path, int from, int to) {
    for (int n = from; n <= to; n++) append(path, record(n));
  }
  // The texts that there are now, joined by blanks.
  static std::string texts(Reader &reader) {
    std::string all;
    while (const auto line = *reader.next())
      all.append(all.empty() ? "" : " ").append(line->record ? line->record->text : line->raw);
    return all;
  }
  std::string texts(const Reader::Wanted &wanted) const {
    auto reader = Reader::open(path_, wanted);
    return texts(*reader);
  }

  std::string directory_, path_;
};

TEST_F(Files, TurnOverKeepsSoMany) {
  for (int n = 1; n <= 5; n++) {
    append_records(path_, n, n);
    EXPECT_TRUE(turn_over(path_, 3));
  }
  EXPECT_EQ(turned_numbers(path_), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(texts(Reader::Wanted{}), "3 4 5");
  append_records(path_, 6, 6);
  EXPECT_TRUE(turn_over(path_, 1)); // fewer are wanted now
  EXPECT_EQ(texts(Reader::Wanted{}), "6");
  append_records(path_, 7, 7);
  EXPECT_TRUE(turn_over(path_, 0));
  EXPECT_FALSE(turn_over(path_, 0)) << "nothing there";
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Files, TurnOverFillsAGap) { // of one that was killed between two renames
  append_records(path_, 3, 3);
  append_records(turned_path(path_, 2), 2, 2);
  append_records(turned_path(path_, 3), 1, 1);
  EXPECT_TRUE(turn_over(path_, 3));
  EXPECT_EQ(texts(Reader::Wanted{}), "1 2 3");
}

TEST_F(Files, OthersAreLeftAlone) {
  for (const auto *name : {"web.log.1x", "web.log.01", "web.log.", "web.log.0", "web.logs.1", "xweb.log.1"})
    append(directory_ + "/" + name, "");
  append(path_ + ".1", "");
  append(path_ + ".2.gz", "");
  EXPECT_EQ(turned_numbers(path_), std::vector<uint64_t>{1});
  remove_files(path_);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 6);
}

TEST_F(Files, LastLinesAcrossFiles) {
  append_records(turned_path(path_, 2), 1, 3);
  append_records(turned_path(path_, 1), 4, 5);
  append_records(path_, 6, 7);
  std::string wanted;
  for (size_t n = 0; n <= 9; n++) {
    if (n > 0 && n <= 7) wanted = std::to_string(8 - n) + (wanted.empty() ? "" : " ") + wanted;
    EXPECT_EQ(texts({.last = n}), wanted) << n;
  }
  EXPECT_EQ(texts({.previous = true}), "4 5");
  EXPECT_EQ(texts({.since_ms = 1795348800000 + 5500}), "4 5 6 7") << "the oldest file has nothing of it";
  append(path_, std::string(200000, 'x') + "\n");
  append_records(path_, 8, 8);
  EXPECT_EQ(texts({.last = 3}).size(), 200000U + 4);
}

TEST_F(Files, FollowsThroughSeveralTurns) {
  auto reader = Reader::open(path_, {.follow = true});
  EXPECT_EQ(texts(*reader), "") << "none yet";
  append_records(path_, 1, 2);
  EXPECT_EQ(texts(*reader), "1 2");
  append(path_, record(3).substr(0, 20));
  EXPECT_EQ(texts(*reader), "") << "half a record waits";
  append(path_, record(3).substr(20));
  EXPECT_TRUE(turn_over(path_, 5));
  EXPECT_EQ(texts(*reader), "3") << "of the old one, before there is a new one";
  append_records(path_, 4, 5);
  EXPECT_TRUE(turn_over(path_, 5));
  append_records(path_, 6, 6);
  EXPECT_TRUE(turn_over(path_, 5));
  append_records(path_, 7, 7);
  EXPECT_EQ(texts(*reader), "4 5 6 7");
  EXPECT_FALSE(reader->missed());
  for (int n = 8; n <= 12; n++) {
    append_records(path_, n, n);
    EXPECT_TRUE(turn_over(path_, 1));
  }
  append_records(path_, 13, 13);
  EXPECT_EQ(texts(*reader), "8 12 13");
  EXPECT_TRUE(reader->missed());
}

TEST_F(Files, WithoutFollowOnlyWhatWasThere) {
  append_records(path_, 1, 2);
  auto reader = Reader::open(path_, {});
  append_records(path_, 3, 3);
  EXPECT_EQ(texts(*reader), "1 2");
}

} // namespace
} // namespace jails::log
