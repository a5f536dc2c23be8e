// Untrusted bytes as text that a terminal, a log and a JSON parser take.
#include "base/text.h"

#include <cstring>

namespace jails {

// Length of the well-formed UTF-8 sequence at the start of bytes, 0 if there is none; the code point goes to *out.
// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
static size_t utf8_sequence(std::string_view bytes, uint32_t *out) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  size_t length = 0;
  uint32_t code = 0;
  if (lead < 0x80)
    length = 1, code = lead;
  else if (lead >= 0xc2 && lead <= 0xdf)
    length = 2, code = lead & 0x1fU;
  else if (lead >= 0xe0 && lead <= 0xef)
    length = 3, code = lead & 0x0fU;
  else if (lead >= 0xf0 && lead <= 0xf4)
    length = 4, code = lead & 0x07U;
  else
    return 0;
  if (bytes.size() < length) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
    code = code << 6U | (at(i) & 0x3fU);
  }
  if (length == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) return 0;
  if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return 0;
  *out = code;
  return length;
}

bool valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    uint32_t code = 0;
    const size_t length = utf8_sequence(bytes, &code);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

// Characters that change what a terminal shows of other characters.
static bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

namespace {

constexpr char kHex[] = "0123456789abcdef";

// Printable ASCII but the backslash, as far as it reaches from `at` on. In blocks without a branch inside, which the
// compiler turns into vector instructions.
size_t skip_plain(std::string_view bytes, size_t at) {
  constexpr size_t kBlock = 32;
  const auto bad = [](char c) { return static_cast<signed char>(c) < 0x20 || c == 0x7f || c == '\\'; }; // 0x80.. < 0
  for (; at + kBlock <= bytes.size(); at += kBlock) {
    unsigned char any = 0;
    for (size_t i = 0; i < kBlock; i++) any |= static_cast<unsigned char>(bad(bytes[at + i]));
    if (any != 0) break;
  }
  while (at < bytes.size() && !bad(bytes[at])) at++;
  return at;
}

// keep_backslash: `\` always stands for itself.
size_t escape(char *to, std::string_view bytes, bool keep_backslash) {
  const char *const begin = to;
  for (size_t at = 0; at < bytes.size();) {
    const size_t plain = skip_plain(bytes, at);
    if (plain != at) to = static_cast<char *>(mempcpy(to, bytes.data() + at, plain - at));
    at = plain;
    if (at == bytes.size()) break;
    uint32_t code = 0;
    const size_t length = utf8_sequence(bytes.substr(at), &code);
    const size_t used = length == 0 ? 1 : length;
    const bool escapes = code == '\\' && !keep_backslash && at + 1 < bytes.size() && bytes[at + 1] == 'x';
    if (length != 0 && !is_control(code) && !escapes) {
      to = static_cast<char *>(mempcpy(to, bytes.data() + at, used));
    } else {
      for (size_t i = 0; i < used; i++) {
        const auto byte = static_cast<unsigned char>(bytes[at + i]);
        *to++ = '\\', *to++ = 'x', *to++ = kHex[byte >> 4U], *to++ = kHex[byte & 15U];
      }
    }
    at += used;
  }
  return static_cast<size_t>(to - begin);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace

std::string printable(std::string_view bytes) {
  if (skip_plain(bytes, 0) == bytes.size()) return std::string(bytes);
  std::string out(kMaxEscape * bytes.size(), '\0');
  out.resize(escape(out.data(), bytes, true));
  return out;
}

size_t escape_to(char *to, std::string_view bytes) { return escape(to, bytes, false); }

std::string unescape_octal(std::string_view field) {
  std::string out;
  for (size_t i = 0; i < field.size(); i++) {
    if (field[i] == '\\' && i + 3 < field.size()) {
      out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); at++) {
    const bool whole = text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x';
    const int high = whole ? hex_digit(text[at + 2]) : -1;
    const int low = whole ? hex_digit(text[at + 3]) : -1;
    if (high < 0 || low < 0) {
      out += text[at];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    at += 3;
  }
  return out;
}

std::string in_quotes(std::string_view bytes) {
  constexpr size_t kShown = 64;
  const bool whole = bytes.size() <= kShown;
  size_t cut = kShown;
  if (!whole) // not inside a character
    while (cut > kShown - 3 && (static_cast<unsigned char>(bytes[cut]) & 0xc0U) == 0x80) cut--;
  std::string text(1, '\'');
  return text.append(printable(bytes.substr(0, cut))).append(whole ? "'" : "...'");
}

} // namespace jails
