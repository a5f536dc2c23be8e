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

std::string size_text(uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGT";
  size_t unit = 0;
  while (unit < kUnits.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    unit++;
  }
  std::string text = std::to_string(bytes);
  if (unit != 0) text += kUnits[unit - 1];
  return text;
}

static constexpr std::pair<char, uint64_t> kDurations[] = {
    {'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

Result<uint64_t> parse_duration(std::string_view text) {
  std::string_view digits = text;
  uint64_t unit = 1;
  for (const auto &[letter, seconds] : kDurations)
    if (!digits.empty() && digits.back() == letter) {
      unit = seconds;
      digits.remove_suffix(1);
      break;
    }
  const auto value = parse_int<uint64_t>(digits);
  if (!value || *value > UINT32_MAX)
    return fail(ErrorKind::Usage,
                "time " + in_quotes(text) + ": expected a number of seconds, or one with s, m, h, d or w, like 10m");
  return *value * unit;
}

std::string duration_text(uint64_t seconds) {
  for (const auto &[letter, unit] : kDurations)
    if (seconds != 0 && seconds % unit == 0) return std::to_string(seconds / unit) + letter;
  return "0";
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
