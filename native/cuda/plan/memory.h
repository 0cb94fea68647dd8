// Where a chunk of a call lies on the device: one arena, cut into the regions that kernels take as arguments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "cuda/kernels/distinct.h"
#include "cuda/kernels/norm.h"
#include "cuda/plan/chunk.h"
#include "cuda/plan/layout.h"

namespace winnow {

// What a call needs beside its layout.
struct CallSize {
  int64_t image_elements;      // of one batch
  int64_t parameter_elements;  // of one set
  int64_t cotangents = 0;      // of the whole call
  int64_t row_elements = 0;    // of a row of gradients; 0: none
  int64_t results = 0;         // doubles of a pass that are handed back
  int64_t seeds = 0;           // doubles of a pass that cotangents are made from
  int64_t words = 0;           // of a row of bits
  int64_t places = 0;          // of a pass's pattern layout
  int64_t packed = 0;          // values whose signs are packed
  bool counted = false;        // whether rows of bits are counted on the device
  int64_t carried = 0;         // passes of a job whose rows wait there for its other passes
  int64_t noises = 0;          // streams of a pass beside its seed
  bool wide = false;           // a float plan's forward pass in double
};

template <typename T>
struct Memory {
  // Of passes.
  double* images;           // [pass][batch]
  int64_t* first_image;     // where the pass's batch begins there
  double* wide_parameters;  // [set]
  T* parameters;            // the same, rounded
  int32_t* set_of;
  uint64_t* streams;      // [pass][1 + noises]
  int64_t* first_sample;  // of the pass's batch in its input
  uint8_t* present;
  double* factor;
  machine::NormTable norms;
  double* wide_values;  // of a forward pass that a backward pass follows: always in double
  T* values;
  double *prepared, *results, *seeds;
  T* rows;
  int64_t* places;       // [pass], as machine::SignRows has them
  int32_t* first_place;  // [pass][packed + 1]
  uint64_t* bits;        // [carried + passes][sample][words]
  RowHash* hashes;
  int32_t* first_rows;
  machine::RowGroup* groups;
  int64_t* counts;
  // Of tasks.
  T* gradients;
  double *sums, *norm_sums, *norm_products, *correlations;
  machine::NormGradient<T> norm_gradient;
};

// Cuts memory into regions. With no memory it measures.
class Carver {
 public:
  explicit Carver(char* first) : first_(first) {}
  template <typename E>
  void take(E*& region, int64_t elements) {
    region = reinterpret_cast<E*>(first_ + bytes_);
    const int64_t bytes = elements_of({elements, int64_t{sizeof(E)}}, "a device's arena");
    bytes_ = elements_of({(bytes_ + bytes + kAlignment - 1) / kAlignment, kAlignment}, "a device's arena");
  }
  int64_t bytes() const { return bytes_; }

 private:
  static constexpr int64_t kAlignment = 256;
  char* first_;
  int64_t bytes_ = 0;
};

// Regions of `passes` passes with `cotangents` cotangents at a time each, from `first` on; returns their bytes.
template <typename T>
int64_t carve(const MachineLayout& layout, const CallSize& size, int64_t passes, int64_t cotangents, char* first,
              Memory<T>& m) {
  Carver carver(first);
  const int64_t tasks = passes * cotangents;
  carver.take(m.images, passes * size.image_elements);
  carver.take(m.first_image, passes);
  carver.take(m.wide_parameters, passes * size.parameter_elements);
  carver.take(m.set_of, passes);
  carver.take(m.streams, passes * (1 + size.noises));
  carver.take(m.first_sample, passes);
  carver.take(m.present, passes * layout.slots());
  carver.take(m.factor, passes * layout.slots());
  m.norms.channels = m.norm_gradient.channels = layout.norm_channels();
  for (double** table : {&m.norms.mean, &m.norms.variance, &m.norms.inverse_deviation, &m.norms.scale, &m.norms.shift}) {
    carver.take(*table, passes * layout.norm_channels());
  }
  carver.take(m.values, passes * layout.value_elements());
  if constexpr (sizeof(T) == sizeof(double)) {
    m.parameters = m.wide_parameters;
    m.wide_values = m.values;
  } else {
    carver.take(m.parameters, passes * size.parameter_elements);
    carver.take(m.wide_values, size.wide ? passes * layout.value_elements() : 0);
  }
  carver.take(m.prepared, passes * layout.prepared_elements());
  carver.take(m.results, passes * size.results);
  carver.take(m.seeds, passes * size.seeds);
  carver.take(m.rows, passes * size.cotangents * size.row_elements);
  carver.take(m.places, passes * size.places);
  carver.take(m.first_place, passes * (size.packed + 1));
  const int64_t rows = (size.carried + passes) * layout.batch();
  carver.take(m.bits, rows * size.words);
  carver.take(m.hashes, size.counted ? rows : 0);
  carver.take(m.first_rows, size.counted ? rows : 0);
  carver.take(m.groups, size.counted ? passes : 0);
  carver.take(m.counts, size.counted ? passes : 0);
  carver.take(m.gradients, tasks * layout.gradient_elements());
  carver.take(m.sums, tasks * layout.sum_channels());
  carver.take(m.norm_sums, tasks * layout.norm_channels());
  carver.take(m.norm_products, tasks * layout.norm_channels());
  carver.take(m.correlations, tasks * layout.correlation_elements());
  for (T** table : {&m.norm_gradient.alpha, &m.norm_gradient.beta, &m.norm_gradient.kappa}) {
    carver.take(*table, tasks * layout.norm_channels());
  }
  return carver.bytes();
}

// Bytes of one more pass and of one more cotangent of it, rounded up so that any number of them fits their product.
template <typename T>
Demand demand_of(const MachineLayout& layout, const CallSize& size) {
  Memory<T> unused;
  const int64_t pass = carve<T>(layout, size, 1, 0, nullptr, unused);
  if (size.cotangents == 0) return {pass, 0};
  return {pass, carve<T>(layout, size, 1, 1, nullptr, unused) - pass};
}

// Lists that launches point to, gathered on the host first: built twice, once to know how large, once to know where.
class Tables {
 public:
  explicit Tables(char* first) : first_(first) {}
  template <typename E>
  const E* add(const std::vector<E>& list) {
    const size_t at = (bytes_.size() + kAlignment - 1) / kAlignment * kAlignment;
    bytes_.resize(at + list.size() * sizeof(E));
    if (!list.empty()) std::memcpy(bytes_.data() + at, list.data(), list.size() * sizeof(E));
    return reinterpret_cast<const E*>(first_ + at);
  }
  const std::vector<char>& bytes() const { return bytes_; }

 private:
  static constexpr size_t kAlignment = 16;
  char* first_;
  std::vector<char> bytes_;
};

}  // namespace winnow
