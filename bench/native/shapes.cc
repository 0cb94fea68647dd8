#include "shapes.h"

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace winnow::bench {

namespace {

const std::map<std::string, SquareConvolution> kConvolutions = {
    {"1x1", {1, false}}, {"3x3", {3, false}}, {"depthwise-3x3", {3, true}}, {"depthwise-5x5", {5, true}}};

}  // namespace

std::vector<Shape> read_shapes(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string networks = path.substr(0, path.rfind('/') + 1) + "networks/";
  std::vector<Shape> shapes;
  std::string line;
  for (int64_t number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    Shape s;
    std::string network, rest;
    if (!(words >> s.name)) continue;
    const bool read = static_cast<bool>(words >> s.score >> network >> s.batch >> s.size) && !(words >> rest);
    const bool scored = s.score == "ntk" || s.score == "regions";
    const bool kernel = s.score == "gather" || s.score == "correlate";
    const bool fits = kernel ? kConvolutions.count(network) == 1 : s.score == "hamming" ? network == "-" : scored;
    if (!read || s.batch < 1 || s.size < 1 || !fits) {
      throw std::runtime_error(path + ":" + std::to_string(number) +
                               ": want name, ntk|regions and a network, hamming and -, or gather|correlate and "
                               "1x1|3x3|depthwise-3x3|depthwise-5x5, two numbers");
    }
    if (scored) s.network = networks + network + ".txt";
    if (kernel) s.convolution = kConvolutions.at(network);
    shapes.push_back(s);
  }
  return shapes;
}

}  // namespace winnow::bench
