/* Abstract UNIX sockets of the host, which no file permission guards. HOST_ABSTRACT: what the canary's names begin
 * with. */
#include "probe.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int type;
  } kinds[] = {{"stream", SOCK_STREAM}, {"seqpacket", SOCK_SEQPACKET}, {"dgram", SOCK_DGRAM}};

  probe_begin(argc, argv);
  for (size_t i = 0; i < 3; i++) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int length =
        snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s-%s", wanted("HOST_ABSTRACT"), kinds[i].name);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    const int fd = socket(AF_UNIX, kinds[i].type, 0);

    if (fd < 0) setup_failed("socket");
    refused(kinds[i].name, connect(fd, (const struct sockaddr *)&at, size), EPERM, 0);
    close(fd);
    if (kinds[i].type != SOCK_DGRAM) continue;
    const int other = socket(AF_UNIX, SOCK_DGRAM, 0);
    refused("dgram by sendto", sendto(other, "x", 1, 0, (const struct sockaddr *)&at, size), EPERM, 0);
    close(other);
  }
  return probe_end();
}
