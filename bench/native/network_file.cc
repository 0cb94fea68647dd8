#include "network_file.h"

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "winnow/network.h"

namespace winnow::bench {
namespace {

// "1,2,3" or "-" for none; false for anything else.
bool read_list(const std::string& text, std::vector<int64_t>& words) {
  words.clear();
  if (text == "-") return true;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    std::istringstream number(part);
    int64_t word;
    if (!(number >> word) || !number.eof()) return false;
    words.push_back(word);
  }
  return !words.empty();
}

}  // namespace

NetworkFile read_network(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  NetworkFile network = {{}, -1, 0, {}};
  int64_t output = 0, nodes = 0, number = 0;
  std::vector<int64_t> words, inputs, attributes;
  std::string names;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": want " + what);
    };
    std::istringstream in(line);
    std::string name, input_list, attribute_list, rest;
    if (network.choices < 0) {
      float coefficient;
      if (!(in >> name >> network.choices >> coefficient >> output) || name != "network" || network.choices < 0 || in >> rest)
        fail("network CHOICES COEFFICIENT OUTPUT");
      network.coefficient = coefficient;
      continue;
    }
    int64_t operation, choice;
    if (!(in >> name >> operation >> choice >> input_list >> attribute_list) || in >> rest || !read_list(input_list, inputs) ||
        !read_list(attribute_list, attributes))
      fail("NAME OPERATION CHOICE INPUTS ATTRIBUTES");
    if (nodes++ == 0) {
      if (operation != WINNOW_INPUT || attributes.size() != 3) fail("an input of channels, height, width");
      std::copy(attributes.begin(), attributes.end(), network.input_shape);
    }
    const int64_t head[] = {operation, static_cast<int64_t>(names.size()), static_cast<int64_t>(name.size()), choice,
                            static_cast<int64_t>(inputs.size())};
    words.insert(words.end(), std::begin(head), std::end(head));
    words.insert(words.end(), inputs.begin(), inputs.end());
    words.push_back(static_cast<int64_t>(attributes.size()));
    words.insert(words.end(), attributes.begin(), attributes.end());
    names += name;
  }
  if (nodes == 0) throw std::runtime_error(path + " has no nodes");
  names.resize((names.size() + 7) / 8 * 8, '\0');
  const auto length = static_cast<int64_t>(8 + words.size() + names.size() / 8);
  network.blob = {WINNOW_NETWORK_MAGIC,
                  WINNOW_NETWORK_VERSION,
                  8 * length,
                  network.choices,
                  nodes,
                  output,
                  static_cast<int64_t>(names.size()),
                  0};
  network.blob.insert(network.blob.end(), words.begin(), words.end());
  network.blob.resize(static_cast<size_t>(length));
  std::memcpy(network.blob.data() + 8 + words.size(), names.data(), names.size());
  return network;
}

}  // namespace winnow::bench
