// Networks for tests: the NAS-Bench-201 supernet, random graphs of any geometry, and random rows, parameters and images for them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "network_builder.h"
#include "network/parameters.h"
#include "reference_network.h"

namespace winnow::test {

// Draws from a Philox stream, one after the other.
class Draws {
 public:
  Draws(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}
  uint64_t bits();
  int64_t integer(int64_t low, int64_t high);  // in [low, high]
  bool chance(double probability);
  double normal();
  double uniform();                             // in [0, 1)
  std::vector<double> uniforms(int64_t count);  // so many at once, in a fraction of the time

 private:
  uint64_t seed_, stream_;
  int64_t next_ = 0;
};

// The supernet of TE-NAS (names of golden/README.md), choice = edge * 5 + operation; `none` has a number and no node.
// `stem` false with C = 1, N = 1 and `stages` 1 is the thin network of the region count.
NetworkBuilder nb201_supernet(Shape input, int64_t channels, int64_t cells, int64_t stages, bool stem, int64_t classes);

// The DARTS supernet of TE-NAS, C = 1, one normal and one reduction cell; choice = (cell * 14 + edge) * 8 + operation; `none` has a
// number and no node. `stem` false is the thin network of the region count.
NetworkBuilder darts_supernet(Shape input, bool stem, int64_t classes);

// The largest sides of a random network's images and of what its operations make of them, and of its kernels.
struct Sides {
  int64_t image, value, kernel;
};
constexpr Sides kSmallSides{9, 12, 5};
// Passes go by strips of rows, of 256 pixels or more (plan/state.h): images of several, and windows that reach the next ones.
constexpr Sides kLargeSides{70, 72, 7};

// A random network of the operations that `supported` admits. Every one is legal: it decodes, and plans take it.
NetworkBuilder random_network(Draws& draws, const std::function<bool(winnow_operation)>& supported,
                              const Sides& largest = kSmallSides);

// Under a sanitizer every network takes seven times as long: tests take fewer.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr int64_t networks_of(int64_t count) { return kSanitized ? count / 4 : count; }

// States RUN, SKIP or MUTE, mostly the first; coefficients of either sign, sometimes zero.
ReferenceRow random_row(Draws& draws, const Network& network);

// Weights N(0, 2 / fan in), norm scales around 1, everything else around 0: no two channels equal. All are float32 numbers.
Parameters random_parameters(Draws& draws, const std::shared_ptr<const Network>& network);

// [batch, c, h, w] standard normal float32 numbers.
std::vector<double> random_images(Draws& draws, const Network& network, int64_t batch);

}  // namespace winnow::test
