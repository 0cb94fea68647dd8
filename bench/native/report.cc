#include "report.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace winnow::bench {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::map<std::string, std::string> facts;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size())
      facts[line.substr(0, line.find_last_not_of("\t ", colon - 1) + 1)] = line.substr(colon + 2);
  }
  return facts["model name"] + ", family " + facts["cpu family"] + " model " + facts["model"];
}

std::string load() {
  double average = 0;
  return getloadavg(&average, 1) == 1 ? std::to_string(average) : "null";
}

// The results of a file that `time` wrote: one per line, by name and variant.
std::map<std::string, Spread> results(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::map<std::string, Spread> found;
  for (std::string line; std::getline(file, line);) {
    char name[128], variant[32];
    Spread s;
    if (std::sscanf(
            line.c_str(),
            " {\"name\": \"%127[^\"]\", \"variant\": \"%31[^\"]\", \"seconds\": {\"median\": %lf, \"min\": %lf, \"max\": %lf",
            name, variant, &s.median, &s.min, &s.max) == 5)
      found[std::string(name) + " " + variant] = s;
  }
  if (found.empty()) throw std::runtime_error(path + " has no results of winnow_bench time");
  return found;
}

}  // namespace

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string json(const Probe& p) {
  std::ostringstream out;
  out << "{\"bits\": " << p.bits << ", \"fused\": " << (p.fused ? "true" : "false") << ", \"gflops\": " << p.gflops
      << ", \"gigawords_per_second\": " << p.gigawords_per_second << ", \"read_gigabytes_per_second\": {";
  for (const Bandwidth& read : p.reads) {
    out << (&read == &p.reads.front() ? "" : ", ") << quoted(read.level) << ": " << read.gigabytes_per_second;
  }
  out << "}, \"triad_gigabytes_per_second\": " << p.triad_gigabytes_per_second << "}";
  return out.str();
}

std::string circumstances() {
  return "\"machine\": " + quoted(processor()) + ", \"cores\": " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) +
         ", \"load\": " + load() + ",\n \"compiler\": " + quoted(WINNOW_BENCH_COMPILER) +
         ", \"flags\": " + quoted(WINNOW_BENCH_FLAGS) + ", \"commit\": " + quoted(WINNOW_COMMIT);
}

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return {(values[(n - 1) / 2] + values[n / 2]) / 2, values.front(), values.back()};
}

std::string json(const Spread& s) {
  std::ostringstream out;
  out << "{\"median\": " << s.median << ", \"min\": " << s.min << ", \"max\": " << s.max << "}";
  return out.str();
}

bool slower(const std::string& before, const std::string& after) {
  const std::map<std::string, Spread> a = results(before), b = results(after);
  bool any = false, common = false;
  std::printf("%-44s %12s %12s %8s\n", "seconds", "before", "after", "ratio");
  for (const auto& [name, old] : a) {
    const auto now = b.find(name);
    if (now == b.end()) continue;
    common = true;
    const bool worse = now->second.min > old.max;
    any = any || worse;
    std::printf("%-44s %12.4g %12.4g %8.3f%s\n", name.c_str(), old.median, now->second.median, old.median / now->second.median,
                worse ? "  SLOWER beyond the spread" : "");
  }
  if (!common) throw std::runtime_error("the two files have no result in common");
  return any;
}

}  // namespace winnow::bench
