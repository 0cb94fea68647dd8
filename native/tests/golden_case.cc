#include "golden_case.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace winnow::test {
namespace {

std::string folder_of(const std::string& name) {
  const char* shared = std::getenv("WINNOW_SHARED");
  return (shared == nullptr ? std::string(WINNOW_SHARED_FOLDER) : std::string(shared)) + "/golden/" + name;
}

std::string read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

template <typename S>
std::vector<double> values_of(const char* first, const char* last) {
  std::vector<double> values;
  for (; first < last; first += sizeof(S)) {
    S value;
    std::memcpy(&value, first, sizeof value);
    values.push_back(static_cast<double>(value));
  }
  return values;
}

}  // namespace

bool GoldenCase::there(const std::string& name) { return std::ifstream(folder_of(name) + "/case.json").good(); }

GoldenCase::GoldenCase(const std::string& name) : json_(read(folder_of(name) + "/case.json")) {
  const std::string file = read(folder_of(name) + "/tensors.safetensors");
  uint64_t length;
  std::memcpy(&length, file.data(), sizeof length);
  header_ = file.substr(sizeof length, length);
  data_ = file.substr(sizeof length + length);
}

size_t GoldenCase::find(const std::string& name) const { return header_.find("\"" + name + "\":{"); }

std::vector<int64_t> GoldenCase::numbers(const std::string& name, const std::string& key) const {
  const size_t tensor = find(name);
  if (tensor == std::string::npos) throw std::runtime_error("no tensor " + name);
  const size_t first = header_.find('[', header_.find("\"" + key + "\"", tensor));
  std::vector<int64_t> all;
  const char* at = header_.c_str() + first;
  while (*at == '[' || *at == ',') {
    char* end;
    all.push_back(std::strtoll(at + 1, &end, 10));
    at = end;
  }
  return all;
}

std::vector<double> GoldenCase::tensor(const std::string& name) const {
  const std::vector<int64_t> range = numbers(name, "data_offsets");
  const char *first = data_.data() + range[0], *last = data_.data() + range[1];
  const size_t type = header_.find("\"dtype\":\"", find(name)) + 9;
  return header_.compare(type, 3, "F64") == 0 ? values_of<double>(first, last) : values_of<float>(first, last);
}

Parameters GoldenCase::parameters(const std::shared_ptr<const Network>& network, const std::string& prefix) const {
  Parameters parameters(network);
  for (size_t t = 0; t < network->tensors().size(); ++t) {
    const std::string name = prefix + network->tensors()[t].name;
    if (find(name) == std::string::npos) continue;
    const std::vector<double> values = tensor(name);
    parameters.set(static_cast<int64_t>(t), values.data(), static_cast<int64_t>(values.size()));
  }
  return parameters;
}

std::string GoldenCase::text(const std::string& key) const {
  const size_t at = json_.find("\"" + key + "\": \"");
  if (at == std::string::npos) throw std::runtime_error("the case has no " + key);
  const size_t first = at + key.size() + 5;
  return json_.substr(first, json_.find('"', first) - first);
}

int64_t GoldenCase::integer(const std::string& key) const {
  const size_t at = json_.find("\"" + key + "\": ");
  if (at == std::string::npos) throw std::runtime_error("the case has no " + key);
  return std::strtoll(json_.c_str() + at + key.size() + 4, nullptr, 10);
}

std::vector<std::string> GoldenCase::masks() const {
  const std::string key = "\"mask\": \"";
  std::vector<std::string> names;
  for (size_t at = json_.find(key); at != std::string::npos; at = json_.find(key, at)) {
    at += key.size();
    names.push_back(json_.substr(at, json_.find('"', at) - at));
  }
  return names;
}

double GoldenCase::number(const std::string& mask, const std::string& key) const { return number(of(mask), key, mask); }

double GoldenCase::kernel_number(const std::string& mask, const std::string& key) const {
  return number(json_.find("\"ntk_cond\": {", mask.empty() ? 0 : of(mask)), key, mask);
}

size_t GoldenCase::of(const std::string& mask) const { return json_.find("\"mask\": \"" + mask + "\""); }

double GoldenCase::number(size_t first, const std::string& key, const std::string& mask) const {
  const size_t at = json_.find("\"" + key + "\": ", first);
  if (at == std::string::npos) throw std::runtime_error("mask " + mask + " has no " + key);
  return std::strtod(json_.c_str() + at + key.size() + 4, nullptr);
}

}  // namespace winnow::test
