// What a program without a C library needs: the system call instruction, and the few structs whose libc headers would
// pull a library in.
#pragma once

#include <cstdint>

namespace raw {

template <class T> inline long word(T value) {
  if constexpr (__is_same(T, decltype(nullptr)))
    return 0;
  else
    return (long)value;
}

inline long raw_call(long nr, long a, long b, long c, long d, long e, long f) {
  long rc = nr;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall" : "+a"(rc) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return rc;
}

// The kernel's answer as it is: negative errno or result.
template <class A = long, class B = long, class C = long, class D = long, class E = long, class F = long>
inline long call(long nr, A a = 0, B b = 0, C c = 0, D d = 0, E e = 0, F f = 0) {
  return raw_call(nr, word(a), word(b), word(c), word(d), word(e), word(f));
}

struct IoVec {
  void *base;
  unsigned long length;
};
struct MsgHdr { // struct msghdr of the x86_64 kernel ABI
  void *name;
  unsigned int name_length;
  IoVec *parts;
  unsigned long part_count;
  void *control;
  unsigned long control_length;
  int flags;
};
struct CmsgHdr {
  unsigned long length;
  int level;
  int type;
};
constexpr unsigned long cmsg_space(unsigned long bytes) { return sizeof(CmsgHdr) + ((bytes + 7) & ~7UL); }

constexpr int kMsgCmsgCloexec = 0x40000000;
constexpr int kMsgNosignal = 0x4000;
constexpr int kSockCloexec = 02000000;
constexpr unsigned kTiocsctty = 0x540e;

inline unsigned long length(const char *text) {
  unsigned long n = 0;
  while (text[n] != 0) n++;
  return n;
}
inline const char *find(const char *text, char wanted) {
  for (; *text != 0; text++)
    if (*text == wanted) return text;
  return nullptr;
}
inline bool starts_with(const char *text, const char *prefix) {
  for (; *prefix != 0; text++, prefix++)
    if (*text != *prefix) return false;
  return true;
}
inline void copy(char *to, const char *from, unsigned long count) {
  for (unsigned long i = 0; i < count; i++) to[i] = from[i];
}
inline void append_number(char *text, uint32_t value) {
  char digits[10];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  text += length(text);
  while (count > 0) *text++ = digits[--count];
  *text = 0;
}

} // namespace raw

// The compiler may call these even in freestanding code.
extern "C" {
inline __attribute__((used)) void *memset(void *to, int byte, unsigned long count) {
  auto *p = static_cast<volatile char *>(to);
  for (unsigned long i = 0; i < count; i++) p[i] = static_cast<char>(byte);
  return to;
}
inline __attribute__((used)) void *memcpy(void *to, const void *from, unsigned long count) {
  auto *p = static_cast<volatile char *>(to);
  for (unsigned long i = 0; i < count; i++) p[i] = static_cast<const char *>(from)[i];
  return to;
}
}
