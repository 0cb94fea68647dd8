// A call's passes as lists of launches.
#pragma once

#include <vector>

#include "cuda/kernels/kernels.h"
#include "cuda/plan/memory.h"
#include "plan/forward.h"

namespace winnow {

// What all launches of a plan and a call share.
struct Setting {
  const Graph& graph;
  const MachineLayout& layout;
  std::vector<winnow_norm_mode> norm_modes;  // by value; norms only
  std::vector<int64_t> parameter_offsets;    // by tensor of the network, in a set
  std::vector<int64_t> gradient_offsets;     // by tensor, in a row of gradients; -1: takes no part
  std::vector<int64_t> noises;               // values that add noise: the k-th draws from the pass's stream 1 + k
  std::vector<int64_t> packed;               // values whose signs are packed where they are made
  int64_t parameter_elements;
  int64_t passes;
  int64_t words, carried;  // of a row of bits; passes whose rows may lie before those of the launches

  machine::Size size_of(int64_t v) const;
  // Where a tensor of a value's node lies in a set; -1 where it has none.
  int64_t parameter(int64_t v, winnow_role role) const { return offset(parameter_offsets, v, role); }
  int64_t column(int64_t v, winnow_role role) const { return offset(gradient_offsets, v, role); }
  bool linear(int64_t v) const;

 private:
  int64_t offset(const std::vector<int64_t>& offsets, int64_t v, winnow_role role) const;
};

// Of a convolution or a pool.
machine::Window window_of(const Value& value);

using Launches = std::vector<winnow_launch>;

// Images to values. F is the type that the pass runs in: `values` and `parameters` are of it.
template <typename T, typename F>
void add_forward(const Setting& setting, const Memory<T>& memory, const F* parameters, F* values, Tables& tables,
                 Launches& launches);

// After a forward pass: values rounded to T where they are `wide`, and what norms need of convolutions' inputs.
template <typename T>
void add_preparation(const Setting& setting, const Memory<T>& memory, bool wide, Tables& tables, Launches& launches);

// Cotangents of a block, as Seed takes them.
struct SeedPlan {
  int64_t of_pass, of_cotangent;  // elements of the seeds from one to the next
  double factor;
  bool own_sample;
};

// Rows of gradients of `count` cotangents from `first` on.
struct RowPlan {
  int64_t first, count;
  int64_t pitch;       // elements of a row
  int64_t cotangents;  // rows of a pass
  int64_t input;       // column of the input's gradient; -1: takes no part
};

template <typename T>
void add_backward(const Setting& setting, const Memory<T>& memory, const SeedPlan& seed, const RowPlan& rows, Tables& tables,
                  Launches& launches);

}  // namespace winnow
