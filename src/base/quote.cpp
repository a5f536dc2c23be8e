#include "base/quote.h"

#include "base/text.h"

namespace jails {

std::string quoted_words(std::span<const std::string> words) {
  std::string text;
  for (const auto &word : words) {
    if (!text.empty()) text += ' ';
    if (!word.empty() && word.find_first_of(" \t\n'\"\\$`;&|<>()*?[]#~") == word.npos) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word)
      if (c == '\'')
        text += "'\\''";
      else
        text += c;
    text += '\'';
  }
  return printable(text);
}

} // namespace jails
