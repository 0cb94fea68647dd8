#include "shapes.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace winnow::bench {

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
    const bool alone = s.score == "hamming" || s.score == "gather" || s.score == "correlate";
    if (!read || s.batch < 1 || s.size < 1 || !(scored || alone) || alone != (network == "-")) {
      throw std::runtime_error(
          path + ":" + std::to_string(number) +
          ": want name, ntk|regions|hamming|gather|correlate, network (- for the last three), two numbers");
    }
    if (network != "-") s.network = networks + network + ".txt";
    shapes.push_back(s);
  }
  return shapes;
}

}  // namespace winnow::bench
