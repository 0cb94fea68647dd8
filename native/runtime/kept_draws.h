// Tensors that recipes have drawn, kept for the networks to come. Architectures of a space name most tensors alike, and equal names
// draw equal values: a population draws each once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

namespace winnow {

class KeptDraws {
 public:
  using Values = std::shared_ptr<const std::vector<float>>;
  // All that values depend on: seed, stream, winnow_distribution, its scale, how many there are.
  using Name = std::tuple<uint64_t, uint64_t, int32_t, double, size_t>;

  // The kept values, or nullptr. Any thread may ask and keep.
  Values find(const Name& name);
  // Values that are larger than half of kMostBytes are not kept.
  void keep(const Name& name, const Values& values);

  int64_t bytes() const;  // of all that is kept; sets that use them may hold on to them longer
  static constexpr int64_t kMostBytes = int64_t{64} << 20;

 private:
  // When `recent` has half of the bytes it becomes `old`, and what was not asked for since the last time goes.
  struct Generation {
    std::map<Name, Values> values;
    int64_t bytes = 0;
  };
  void add(const Name& name, const Values& values);

  mutable std::mutex mutex_;
  Generation recent_, old_;
};

}  // namespace winnow
