#include "options.h"

#include <cstdlib>
#include <map>

namespace winnow::bench {
namespace {

int64_t positive(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < 1 || value > 1024) throw Usage(option + " must be in [1, 1024] but was " + text);
  return value;
}

}  // namespace

Options parse(int count, char** words) {
  Options options;
  // Else those of the source tree this was built from.
  const char* folder = std::getenv("WINNOW_BENCH_SHAPES");
  options.shapes = std::string(folder == nullptr ? WINNOW_BENCH_SHAPES : folder) + "/published.txt";
  const bool named = count > 1 && words[1][0] != '-';
  if (named) options.command = words[1];
  const std::map<std::string, std::string*> texts = {
      {"--shapes", &options.shapes}, {"--only", &options.only}, {"--variant", &options.variant}, {"--out", &options.out}};
  const std::map<std::string, int64_t*> numbers = {{"--threads", &options.threads}, {"--rounds", &options.rounds}};
  for (int i = named ? 2 : 1; i < count; ++i) {
    const std::string word = words[i];
    if (word.rfind("--", 0) != 0) {
      options.files.push_back(word);
    } else if (word == "--nodes") {
      options.nodes = true;
    } else if (word == "--round") {
      options.round = true;
    } else if (word == "--tiny") {
      options.shapes = options.shapes.substr(0, options.shapes.rfind('/') + 1) + "tiny.txt";
    } else if (texts.count(word) + numbers.count(word) == 0) {
      throw Usage("unknown option " + word);
    } else if (i + 1 == count) {
      throw Usage(word + " wants a value");
    } else if (texts.count(word) > 0) {
      *texts.at(word) = words[++i];
    } else {
      *numbers.at(word) = positive(word, words[++i]);
    }
  }
  return options;
}

}  // namespace winnow::bench
