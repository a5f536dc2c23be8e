#include "jailctl/verb.h"

#include "cli/arguments.h"
#include "cli/form.h"
#include "features/features.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

static void print_json(const std::vector<Feature> &found) {
  auto guards = cli::Json::array();
  for (const auto &one : found)
    guards.push_back({{"guard", one.name},
                      {"required", one.required},
                      {"works", one.works},
                      {"purpose", one.purpose},
                      {"detail", one.detail.empty() ? cli::Json() : cli::Json(one.detail)}});
  auto out = cli::json_document("jailctl-features-1");
  out.update({{"complete", missing_features(found).empty()}, {"guards", std::move(guards)}});
  cli::print_json(out);
}

Result<int> features(const Call &call) {
  constexpr std::string_view kUsage = "jailctl features [-j]";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form, cli::Forms::JsonOnly);
  const auto parsed =
      TRY(parse(call, kUsage, "Tries each kernel guard on this machine. Exits with 1 when a required one is missing.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call));
  const auto found = probe_features();
  if (form.json)
    print_json(found);
  else
    fmt::print("{}", features_table(found));
  return missing_features(found).empty() ? 0 : 1;
}

} // namespace jailctl
