// The files of one jail's log: PATH is written, PATH.1 is the one before it, and so on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jails::log {

std::string turned_path(const std::string &path, uint64_t number); // PATH.NUMBER

// The numbers that there are, rising. What logrotate(8) has compressed is not among them.
std::vector<uint64_t> turned_numbers(const std::string &path);

// PATH becomes PATH.1 and the others move on; beyond `keep` they go. True: PATH is free. Killed in between it leaves a
// gap in the numbers, which the next one fills.
bool turn_over(const std::string &path, uint64_t keep);

// All of them, compressed ones too.
void remove_files(const std::string &path);

// All of them become those of another path; what is there already stays. Killed in between, the next call goes on.
void move_files(const std::string &path, const std::string &to);

} // namespace jails::log
