#include "view/processes.h"

#include <algorithm>
#include <map>

namespace jails::view {

void sort_as_tree(std::vector<Process> &processes) {
  std::ranges::sort(processes, {}, &Process::pid);
  std::map<pid_t, std::vector<size_t>> children;
  std::vector<size_t> waiting; // a stack, the next one on top: a chain of processes may be as long as the jail likes
  for (size_t i = processes.size(); i-- > 0;) {
    const pid_t parent = processes[i].ppid;
    const bool known = parent != processes[i].pid && std::ranges::binary_search(processes, parent, {}, &Process::pid);
    known ? children[parent].push_back(i) : waiting.push_back(i);
    processes[i].depth = 0;
  }
  std::vector<Process> sorted;
  std::vector<bool> done(processes.size());
  for (size_t next = 0; sorted.size() < processes.size();) {
    if (waiting.empty()) { // a circle, of numbers that were used again while they were read
      while (done[next]) next++;
      waiting.push_back(next);
    }
    const size_t at = waiting.back();
    waiting.pop_back();
    if (done[at]) continue;
    done[at] = true;
    for (const size_t child : children[processes[at].pid]) {
      if (!done[child]) processes[child].depth = processes[at].depth + 1;
      waiting.push_back(child);
    }
    sorted.push_back(std::move(processes[at]));
  }
  processes = std::move(sorted);
}

} // namespace jails::view
