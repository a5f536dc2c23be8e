/* Not a probe by itself: installed set-user-id root, its exit status tells whether that worked. 10: uid 0, 11: not. */
#include <unistd.h>

int main(void) { return geteuid() == 0 ? 10 : 11; }
