#include "jailmgr/log_output.h"

#include "base/text.h"
#include "cli/json.h"
#include "model/log.h"

#include <cerrno>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

std::string as_json(const std::string &jail, const log::Line &line) {
  cli::Json object{{"jail", jail}};
  if (!line.record) { // not written by a supervisor
    object["text"] = printable(line.raw);
  } else {
    const std::string bytes = unescape(line.record->text);
    const bool text = valid_utf8(bytes);
    object["time"] = line.raw.substr(0, log::kTimeSize);
    object["level"] = level_name(line.record->level);
    object["stream"] = log::to_string(line.record->stream);
    object["text"] = text ? bytes : std::string(line.record->text);
    if (!text) object["escaped"] = true; // bytes that JSON has no text for
    if (line.record->more) object["more"] = true;
  }
  // ASCII alone: what else a terminal might obey is \u then.
  return object.dump(-1, ' ', true, cli::Json::error_handler_t::replace) + "\n";
}

} // namespace

std::string LogOutput::render(const std::string &jail, const log::Line &line) const {
  if (form_.json) return as_json(jail, line);
  if (form_.raw) {
    if (!line.record) return std::string(line.raw) + "\n";
    return unescape(line.record->text) + (line.record->more ? "" : "\n");
  }
  std::string text = form_.names ? jail + " " : std::string();
  return text.append(printable(line.raw)).append("\n");
}

Status LogOutput::write(std::string_view text) {
  constexpr size_t kTogether = 64U << 10U;
  pending_ += text;
  return pending_.size() < kTogether ? Status{} : flush();
}

Status LogOutput::flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, left.data(), left.size());
    if (n < 0 && errno != EINTR) return fail_errno("standard output");
    if (n > 0) left.remove_prefix(static_cast<size_t>(n));
  }
  pending_.clear();
  return {};
}

} // namespace jailmgr
