# Reads what ctest --output-junit wrote, a line "RESULT<tab>NAME<tab>REASON" for each test; RESULT is passed, failed or
# skipped. The output of a failed test goes to the file in the variable `failures`. ctest puts one element on a line.
function decode(text) {
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&amp;/, "\\&", text)
  return text
}
function attribute(line, key,   value) {
  if (!match(line, " " key "=\"[^\"]*\"")) return ""
  value = substr(line, RSTART + length(key) + 3, RLENGTH - length(key) - 4)
  return decode(value)
}
# GoogleTest prints "FILE:LINE: Skipped" and the reason on the next line; scripts print "NAME: SKIP: REASON".
function note(line) {
  if (line ~ /SKIP: /) { sub(/.*SKIP: /, "", line); reason = line; fixed = 1 }
  else if (after_skipped) { reason = line; fixed = 1 }
  else if (!fixed && line !~ /^[[:space:]]*$/) reason = line
  after_skipped = line ~ /: Skipped$/
}
/^[[:space:]]*<testcase / {
  name = attribute($0, "name"); status = attribute($0, "status")
  why = ""; reason = ""; fixed = 0; after_skipped = 0; lines = 0; inside = 0
  next
}
/^[[:space:]]*<skipped / { why = attribute($0, "message"); next }
/<system-out>/ { inside = 1; sub(/.*<system-out>/, "") }
inside {
  last = sub(/<\/system-out>.*/, "")
  text = decode($0)
  output[++lines] = text
  note(text)
  if (last) inside = 0
  next
}
/^[[:space:]]*<\/testcase>/ {
  if (status == "run") result = "passed"
  else if (status == "disabled") { result = "skipped"; reason = "disabled" }
  else if (status == "notrun" && why ~ /^SKIP_/) result = "skipped"
  else result = "failed"
  if (result == "passed") reason = ""
  else if (result == "failed") {
    reason = why
    print "--- " name > failures
    for (i = lines > 60 ? lines - 59 : 1; i <= lines; i++) print output[i] > failures
  }
  gsub(/\t/, " ", reason)
  printf "%s\t%s\t%s\n", result, name, substr(reason, 1, 200)
}
