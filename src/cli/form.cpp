#include "cli/form.h"

#include "cli/table.h"

#include <fmt/format.h>

namespace jails::cli {

void add_form_options(std::vector<Option> &options, Form &form, Forms forms) {
  if (forms == Forms::All) {
    options.push_back({'T', "tsv", nullptr, "tab-separated, stable columns", set_flag(form.tabs), true});
    options.push_back({'H', "no-header", nullptr, "without the header line; with -T", set_flag(form.bare), true});
  }
  options.push_back({'j', "json", nullptr, "JSON, of a fixed form", set_flag(form.json), true});
}

Status check_form(const Form &form) {
  if (form.bare && !form.tabs) return fail(ErrorKind::Usage, "-H needs -T");
  if (form.tabs && form.json) return fail(ErrorKind::Usage, "-T and -j exclude each other");
  return {};
}

void print_rows(std::vector<std::vector<std::string>> rows, const Form &form) {
  if (form.bare) rows.erase(rows.begin());
  if (form.tabs) {
    for (const auto &row : rows) fmt::print("{}\n", fmt::join(row, "\t"));
    return;
  }
  for (auto &row : rows) // what is empty must not look like the end of a line that was cut
    for (auto &cell : row)
      if (cell.empty()) cell = "-";
  fmt::print("{}", align(rows));
}

Json json_document(std::string_view schema) { return Json{{"schema", schema}}; }

} // namespace jails::cli
