#include "base/error.h"
#include "base/fd.h"
#include "base/scope.h"
#include "result.h"

#include <cerrno>
#include <fcntl.h>
#include <type_traits>
#include <vector>

namespace jails {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }
Fd some_fd() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(Error, KindComesFromErrno) {
  const std::vector<std::pair<int, ErrorKind>> cases = {
      {ENOENT, ErrorKind::NotFound}, {ESRCH, ErrorKind::NotFound},     {EEXIST, ErrorKind::Exists},
      {EBUSY, ErrorKind::Busy},      {ENOTEMPTY, ErrorKind::Busy},     {EPERM, ErrorKind::Denied},
      {EACCES, ErrorKind::Denied},   {ENOSYS, ErrorKind::Unsupported}, {EOPNOTSUPP, ErrorKind::Unsupported},
      {EIO, ErrorKind::System},      {EINVAL, ErrorKind::System}};
  for (auto [number, kind] : cases) {
    const auto error = Error::system("open", number);
    EXPECT_EQ(error.kind(), kind) << number;
    EXPECT_EQ(error.sys_errno(), number);
  }
}

TEST(Error, TextHasNounsAndReason) {
  EXPECT_EQ(Error::system("open", ENOENT).text(), "open: No such file or directory");
  EXPECT_EQ(Error::system("open", 123456).text(), "open: unknown error");
  EXPECT_EQ(Error::system("open", EPERM).context("jail web").text(), "jail web: open: Operation not permitted");
  EXPECT_EQ(Error::system("open", EPERM).context("jail web").sys_errno(), EPERM);
}

TEST(Error, FailErrnoReadsErrno) {
  errno = EBUSY;
  const Status status = fail_errno("umount");
  EXPECT_ERROR(status, ErrorKind::Busy, "umount: Device or resource busy");
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorKind::Usage, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  const int h = TRY(half(n));
  return TRY_IN("second half", half(h));
}

TEST(Error, TryReturnsTheErrorOrTheValue) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_ERROR(quarter(7), ErrorKind::Usage, "odd");
  EXPECT_ERROR(quarter(6), ErrorKind::Usage, "second half: odd");
}

static_assert(!std::is_convertible_v<Fd, int> && !std::is_convertible_v<int, Fd> && !std::is_copy_constructible_v<Fd>);

TEST(Fd, ClosesOnDestruction) {
  int number = -1;
  {
    const Fd fd = some_fd();
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MoveAssignmentClosesWhatItHeld) {
  Fd a = some_fd(), b = some_fd();
  const int first = a.get(), second = b.get();
  a = std::move(b);
  EXPECT_FALSE(is_open(first));
  EXPECT_TRUE(is_open(second));
  EXPECT_EQ(a.get(), second);
  EXPECT_FALSE(b.valid()); // NOLINT(bugprone-use-after-move): the state after a move is part of the contract
}

TEST(Fd, MoveAssignmentToItselfKeepsIt) {
  Fd a = some_fd();
  Fd &same = a;
  a = std::move(same);
  EXPECT_TRUE(is_open(a.get()));
}

TEST(Fd, ReleaseGivesItAway) {
  int number = -1;
  {
    Fd fd = some_fd();
    number = fd.release();
  }
  EXPECT_TRUE(is_open(number));
  close(number);
}

TEST(Scope, ExitRunsUnlessDismissed) {
  int runs = 0;
  {
    const ScopeExit guard([&] { runs++; });
  }
  EXPECT_EQ(runs, 1);
  {
    ScopeExit guard([&] { runs++; });
    guard.dismiss();
  }
  EXPECT_EQ(runs, 1);
}

TEST(Scope, UndoListWalksBackwards) {
  std::vector<int> order;
  {
    UndoList undo;
    for (int i = 1; i <= 3; i++) undo.add([&order, i] { order.push_back(i); });
  }
  EXPECT_EQ(order, (std::vector<int>{3, 2, 1}));
  order.clear();
  {
    UndoList undo;
    undo.add([&] { order.push_back(1); });
    undo.dismiss();
    undo.add([&] { order.push_back(2); });
  }
  EXPECT_EQ(order, std::vector<int>{2});
}

} // namespace
} // namespace jails
