#include "svcmgr/config.h"

#include "result.h"

#include <gtest/gtest.h>

namespace svcmgr {
namespace {

using jails::ErrorKind;

TEST(Services, OfAFileEach) {
  const auto service = parse_service("# the web server\n"
                                     "command = /usr/sbin/nginx -g 'daemon off;'\n"
                                     "restart=on-failure\n\n"
                                     "  directory = /srv/www  \n"
                                     "stop_grace = 20\n",
                                     "/etc/svcmgr.d/web", "web");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->name, "web");
  EXPECT_EQ(service->command, (std::vector<std::string>{"/usr/sbin/nginx", "-g", "daemon off;"}));
  EXPECT_EQ(service->restart, jails::RestartPolicy::OnFailure);
  EXPECT_EQ(service->directory, "/srv/www");
  EXPECT_EQ(service->stop_grace_ms, 20000U);
}

TEST(Services, ErrorsNameFileLineAndKey) {
  const auto error = [](std::string_view text) { return parse_service(text, "f", "n"); };
  EXPECT_ERROR(error("command\n"), ErrorKind::Malformed, "f:1: expected key = value");
  EXPECT_ERROR(error("command = a\nuser = b\n"), ErrorKind::Malformed,
               "f:2: key 'user': unknown key, expected command, directory, restart or stop_grace");
  EXPECT_ERROR(error("command = 'a\n"), ErrorKind::Malformed, "f:1: key 'command': command has an open ' quote");
  EXPECT_ERROR(error("command =\n"), ErrorKind::Malformed, "f:1: key 'command': expected a command");
  EXPECT_ERROR(error("\nrestart = sometimes"), ErrorKind::Malformed,
               "f:2: key 'restart': restart 'sometimes': expected always, on-failure or never");
  EXPECT_ERROR(error("stop_grace = 9999"), ErrorKind::Malformed,
               "f:1: key 'stop_grace': expected seconds from 0 to 3600");
  EXPECT_ERROR(error("directory = here"), ErrorKind::Malformed, "f:1: key 'directory': expected an absolute path");
  EXPECT_ERROR(error("# nothing\n"), ErrorKind::Malformed, "f:2: no command");
}

TEST(Services, OfAListForTheShell) {
  const auto services = parse_list("# two\nweb   exec httpd -f\n\ncron\tcrond -f >/dev/null\n", "f");
  ASSERT_TRUE(services);
  ASSERT_EQ(services->size(), 2U);
  EXPECT_EQ(services->front().name, "web");
  EXPECT_EQ(services->front().command, (std::vector<std::string>{"/bin/sh", "-c", "exec httpd -f"}));
  EXPECT_EQ(services->back().command.back(), "crond -f >/dev/null");
  EXPECT_ERROR(parse_list("web\n", "f"), ErrorKind::Malformed, "f:1: expected a name and a command");
  EXPECT_ERROR(parse_list("a b\n../x y\n", "f"), ErrorKind::Malformed,
               "f:2: service '../x': expected 1 to 32 characters of A-Z a-z 0-9 . _ and -, not beginning with '.'");
}

} // namespace
} // namespace svcmgr
