// In which form a verb that lists or shows prints: the options -T, -H and -j, the same everywhere.
#pragma once

#include "base/options.h"
#include "cli/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace jails::cli {

struct Form {
  bool tabs = false; // -T
  bool bare = false; // -H
  bool json = false; // -j
};

enum class Forms { All, JsonOnly };
void add_form_options(std::vector<Option> &options, Form &form, Forms forms = Forms::All);
Status check_form(const Form &form); // Usage: -T and -j exclude each other, -H needs -T

// Rows of cells, the first one the header, aligned or tab-separated. Cells come printable; an empty one becomes "-" in
// the table.
void print_rows(std::vector<std::vector<std::string>> rows, const Form &form);

// An object that says of what form it is: "schema": NAME, which is a file NAME.json of share/jails/schema.
Json json_document(std::string_view schema);

} // namespace jails::cli
