#include "base/options.h"
#include "base/text.h"
#include "result.h"

#include <cstdlib>

namespace jails {
namespace {

// One verb's options and what they set; argv as the tools get it.
struct Verb {
  bool all = false;
  std::string_view memory, directory, shape;
  std::vector<std::string> ports;

  Result<std::vector<std::string_view>> parse(std::vector<std::string> words, Operands operands = Operands::Anywhere,
                                              std::string_view usage = "jailctl create [-a] root") {
    storage_ = std::move(words);
    storage_.insert(storage_.begin(), "create");
    argv_.clear();
    for (auto &word : storage_) argv_.push_back(word.data());
    argv_.push_back(nullptr);
    std::vector<Option> options = table();
    return parse_options(usage, options, static_cast<int>(storage_.size()), argv_.data(), operands);
  }

  std::vector<Option> table() {
    std::vector<Option> options;
    options.push_back({'a', "all", nullptr, "every jail", set_flag(all), false});
    options.push_back({'m', "memory", "bytes", "memory for the whole jail", set_text(memory), true});
    options.push_back({'r', "reserve", "port[,port...]", "reserve ports",
                       [this](std::string_view value) -> Status {
                         if (value == "0") return fail(ErrorKind::Usage, "port '0': expected more");
                         ports.emplace_back(value);
                         return {};
                       },
                       false});
    options.push_back({'d', nullptr, "dir", "directory", set_text(directory), false});
    options.push_back({0, "shape", "text", "its shape", set_text(shape), true});
    options.push_back({0, "shadow", nullptr, nullptr, set_flag(all), false});
    return options;
  }

private:
  std::vector<std::string> storage_;
  std::vector<char *> argv_;
};

using Views = std::vector<std::string_view>;
constexpr std::string_view kHint = "; see 'jailctl help create'";

TEST(Options, LettersLongFormsAndOperands) {
  Verb verb;
  const auto rest = verb.parse({"one", "-am", "512M", "two", "--reserve=80", "-r81", "--reserve", "82", "-d", "-x",
                                "--shape", "round", "--", "-a", "three"});
  ASSERT_TRUE(rest) << error_text(rest);
  EXPECT_EQ(*rest, (Views{"one", "two", "-a", "three"}));
  EXPECT_TRUE(verb.all);
  EXPECT_EQ(verb.memory, "512M");
  EXPECT_EQ(verb.ports, (std::vector<std::string>{"80", "81", "82"}));
  EXPECT_EQ(verb.directory, "-x");
  EXPECT_EQ(verb.shape, "round");
}

TEST(Options, NothingGiven) {
  Verb verb;
  EXPECT_EQ(verb.parse({})->size(), 0U);
  EXPECT_EQ(verb.parse({"--"})->size(), 0U);
  EXPECT_EQ(*verb.parse({"-"}), Views{"-"});
  EXPECT_EQ(*verb.parse({""}), Views{""});
  EXPECT_EQ(*verb.parse({"--", "--"}), Views{"--"});
}

TEST(Options, StopAtTheFirstOperand) {
  Verb verb;
  EXPECT_EQ(*verb.parse({"-a", "web", "ls", "-m", "--foo"}, Operands::EndTheOptions),
            (Views{"web", "ls", "-m", "--foo"}));
  EXPECT_TRUE(verb.all);
  EXPECT_EQ(verb.memory, "");
  EXPECT_EQ(*verb.parse({"web", "--", "-a"}, Operands::EndTheOptions), (Views{"web", "--", "-a"}));
  EXPECT_EQ(*verb.parse({"--", "web"}, Operands::EndTheOptions), Views{"web"});
}

TEST(Options, EnvironmentChangesNothing) {
  setenv("POSIXLY_CORRECT", "1", 1);
  Verb verb;
  EXPECT_EQ(*verb.parse({"web", "-a"}), Views{"web"});
  EXPECT_TRUE(verb.all);
  unsetenv("POSIXLY_CORRECT");
}

TEST(Options, AbbreviationsThatAreUnambiguous) {
  Verb verb;
  ASSERT_TRUE(verb.parse({"--mem=1K", "--res", "80"}));
  EXPECT_EQ(verb.memory, "1K");
  EXPECT_EQ(verb.ports, std::vector<std::string>{"80"});
}

TEST(Options, Refused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--foo"}, "unknown option '--foo'"},
      {{"x", "--foo=bar"}, "unknown option '--foo'"},
      {{"-x"}, "unknown option '-x'"},
      {{"-ax"}, "unknown option '-x'"},
      {{"x", "y", "-a", "-ax"}, "unknown option '-x'"},
      {{"-:"}, "unknown option '-:'"},
      {{"-?"}, "unknown option '-?'"},
      {{"-\xc3\xbc"}, "unknown option '-\\xc3'"},
      {{"--f\x1bo"}, "unknown option '--f\\x1bo'"},
      {{"--sha", "x"}, "ambiguous option '--sha'"},
      {{"--all=yes"}, "option '--all' takes no argument"},
      {{"--al=yes"}, "option '--all' takes no argument"},
      {{"-m"}, "option '-m' needs an argument, bytes"},
      {{"x", "-am"}, "option '-m' needs an argument, bytes"},
      {{"--memory"}, "option '--memory' needs an argument, bytes"},
      {{"--mem"}, "option '--memory' needs an argument, bytes"},
      {{"-m", "1", "--memory", "2"}, "option '--memory' is given twice"},
      {{"-m1", "-m1"}, "option '--memory' is given twice"},
      {{"--shape=a", "--shape=b"}, "option '--shape' is given twice"},
  };
  for (const auto &[words, text] : cases) {
    Verb verb;
    EXPECT_ERROR(verb.parse(words), ErrorKind::Usage, text + std::string(kHint));
  }
}

TEST(Options, SetterErrorNamesTheOption) {
  Verb verb;
  EXPECT_ERROR(verb.parse({"-r", "80", "-r0"}), ErrorKind::Usage, "option --reserve: port '0': expected more");
}

TEST(Options, HintWithoutAVerb) {
  Verb verb;
  EXPECT_EQ(error_text(verb.parse({"-x"}, Operands::Anywhere, "jailmgr [-x] verb")),
            "unknown option '-x'; see 'jailmgr --help'");
  EXPECT_EQ(error_text(verb.parse({"-x"}, Operands::Anywhere, "jailmgr")), "unknown option '-x'; see 'jailmgr --help'");
}

TEST(Options, ParseTwiceInOneProcess) {
  Verb verb;
  ASSERT_FALSE(verb.parse({"-ax"})); // left in the middle of a word
  EXPECT_EQ(*verb.parse({"-a", "web"}), Views{"web"});
}

TEST(Options, Help) {
  Verb verb;
  const auto options = verb.table();
  EXPECT_EQ(help_text("jailctl create [-a] root", "Registers a jail.", options),
            "usage: jailctl create [-a] root\n"
            "\n"
            "Registers a jail.\n"
            "\n"
            "  -a, --all                     every jail\n"
            "  -m, --memory bytes            memory for the whole jail\n"
            "  -r, --reserve port[,port...]  reserve ports\n"
            "  -d dir                        directory\n"
            "      --shape text              its shape\n");
  EXPECT_EQ(help_text("jailctl list", "", {}), "usage: jailctl list\n");
}

} // namespace
} // namespace jails
