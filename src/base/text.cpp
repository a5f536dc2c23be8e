#include "base/text.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace jails {

Result<uint64_t> parse_size(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return fail(ErrorKind::Usage, "size " + in_quotes(text) + ": " + std::string(why) +
                                      ", expected a number of bytes or one with K, M, G or T, like 512M");
  };
  std::string_view digits = text;
  const bool binary = digits.ends_with("iB");
  if (binary)
    digits.remove_suffix(2);
  else if (digits.ends_with("B"))
    digits.remove_suffix(1);
  unsigned shift = 0;
  switch (digits.empty() ? '\0' : digits.back()) {
  case 'k':
  case 'K': shift = 10; break;
  case 'm':
  case 'M': shift = 20; break;
  case 'g':
  case 'G': shift = 30; break;
  case 't':
  case 'T': shift = 40; break;
  default: break;
  }
  if (shift != 0)
    digits.remove_suffix(1);
  else if (binary)
    return bad("not a size");
  auto value = parse_int<uint64_t>(digits);
  if (!value) return bad("not a size");
  if (*value > (std::numeric_limits<uint64_t>::max() >> shift)) return bad("too large");
  return *value << shift;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

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

std::string printable(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    uint32_t code = 0;
    const size_t length = utf8_sequence(bytes, &code);
    const size_t used = length == 0 ? 1 : length;
    if (length != 0 && !is_control(code)) {
      out.append(bytes.substr(0, used));
    } else {
      for (size_t i = 0; i < used; i++) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        out += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
      }
    }
    bytes.remove_prefix(used);
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

Result<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (quote == '\'') {
      if (c == '\'')
        quote = 0;
      else
        word += c;
    } else if (c == '\\') {
      if (i + 1 == line.size()) return fail(ErrorKind::Usage, "command ends in a lone backslash");
      const char next = line[++i];
      if (next == '\n') continue; // joins the lines
      const bool special = next == '"' || next == '\\' || next == '$' || next == '`';
      if (quote == '"' && !special) word += '\\';
      word += next;
      in_word = true;
    } else if (quote == '"') {
      if (c == '"')
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return fail(ErrorKind::Usage, std::string("command has an open ") + quote + " quote");
  if (in_word) words.push_back(std::move(word));
  return words;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); i++) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  constexpr size_t kLongest = 40; // no name of ours is near that; also bounds the work
  std::string_view best;
  size_t best_distance = word.size();
  if (word.size() > kLongest) return best;
  for (auto other : known) {
    const size_t d = edit_distance(word, other);
    if (d <= std::max<size_t>(1, other.size() / 3) && d < best_distance) {
      best = other;
      best_distance = d;
    }
  }
  return best;
}

} // namespace jails
