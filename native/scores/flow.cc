#include "scores/flow.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "network/tensors.h"
#include "plan/gather.h"
#include "runtime/failure.h"
#include "runtime/threads.h"
#include "scores/scores.h"
#include "scores/tiles.h"

namespace winnow {

Flow::Flow(const Graph& graph, const Kernels<double>& kernels, const Program& program, const Parameters& parameters,
           Arenas& arenas)
    : graph_(graph),
      kernels_(kernels),
      program_(program),
      parameters_(parameters),
      scratch_(arenas),
      fields_(static_cast<size_t>(graph.size())) {
  for (const Value& value : graph.values()) halo_ = std::max({halo_, value.halo_height, value.halo_width});
  if (program.noise() >= 0) {
    throw Failure(WINNOW_UNSUPPORTED, "synaptic flow of a network with noise, node " +
                                          graph.network().nodes()[static_cast<size_t>(graph[program.noise()].node())].name);
  }
}

double Flow::total() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!program_.runs(v)) continue;
    fields_[v] = compute(v);
    for (const int64_t input : graph_[v].inputs) {
      if (graph_[input].consumers.back() <= v) fields_[input].reset();
    }
  }
  if (fields_[graph_.output()] == nullptr) return 0;
  const Shape& full = graph_[graph_.output()].shape;
  const Shared widest = widen(fields_[graph_.output()], full.height, full.width);
  Field& out = *widest;
  double sum = 0;
  for (int64_t c = 0; c < out.shape.channels; ++c) {
    for (int64_t y = 0; y < out.shape.height; ++y) {
      for (int64_t x = 0; x < out.shape.width; ++x) sum += out.at(1, c)[y * out.pitch + x] - out.at(0, c)[y * out.pitch + x];
    }
  }
  return sum;
}

Flow::Shared Flow::compute(int64_t v) {
  const Value& value = graph_[v];
  const auto zero = [&](int64_t input) { return fields_[input] == nullptr; };
  const bool all_zero = !value.inputs.empty() && std::all_of(value.inputs.begin(), value.inputs.end(), zero);
  if (all_zero && value.operation == WINNOW_CONVOLUTION && !bias_values(graph_.network(), parameters_, value.node()).empty()) {
    const Shared& in = fields_[value.inputs[0]] = make(graph_[value.inputs[0]].shape, {0, 0});
    std::fill_n(in->memory, in->elements(), 0.0);
  } else if (all_zero && value.operation != WINNOW_WEIGHTED_SUM) {  // whose coefficients are still to be checked
    return nullptr;
  }
  switch (value.operation) {
    case WINNOW_INPUT: {
      const Shared field = make(value.shape, {0, 0});
      for (int64_t i = 0; i < kImages; ++i) {
        for (int64_t c = 0; c < value.shape.channels; ++c) {
          for (int64_t y = 0; y < field->shape.height; ++y)
            std::fill_n(field->at(i, c) + y * field->pitch, field->shape.width, 1.0);
        }
      }
      clear_halo(*field);
      return field;
    }
    case WINNOW_CONVOLUTION:
      return convolve(v);
    case WINNOW_BATCH_NORM:
      return fields_[value.inputs[0]];
    case WINNOW_RELU: {  // nothing here is negative
      const double cap = std::get<ReluAttributes>(value.attributes).cap;
      return cap == 0 ? fields_[value.inputs[0]] : rectify(v, cap);
    }
    case WINNOW_WEIGHTED_SUM:
      return add(v);
    case WINNOW_AVERAGE_POOL:
      return average(v);
    case WINNOW_MAX_POOL:
      return maximise(v);
    case WINNOW_GLOBAL_AVERAGE_POOL:
      return average_all(v);
    case WINNOW_ZERO:
      return nullptr;
    default:
      return rearrange(v);
  }
}

Flow::Shared Flow::make(const Shape& full, Pair edge) {
  return allocate(full, std::min(full.height, 2 * edge.height + 1), std::min(full.width, 2 * edge.width + 1), edge);
}

Flow::Shared Flow::allocate(const Shape& full, int64_t height, int64_t width, Pair edge) {
  const auto pitch_of = [&](int64_t w) { return w + halo_; };
  // From the end of one plane to the beginning of the next there is room for what a block writes too much.
  const auto plane_of = [&](int64_t h, int64_t w) {
    return (h + halo_) * pitch_of(w) + std::max<int64_t>(0, kBlock - halo_ * (pitch_of(w) + 1));
  };
  std::vector<double*>& spare = spare_[{full.channels, full.height, full.width}];
  double* memory;
  if (spare.empty()) {
    memory = scratch_.doubles(elements_of({kImages, full.channels, plane_of(full.height, full.width)}, "a value") +
                              (halo_ + 1) * pitch_of(full.width) + halo_ + kLanes);
  } else {
    memory = spare.back();
    spare.pop_back();
  }
  return Shared(new Field{full, {full.channels, height, width}, edge, halo_, pitch_of(width), plane_of(height, width), memory},
                [&spare](Field* field) {
                  spare.push_back(field->memory);
                  delete field;
                });
}

double* Flow::tiles(int64_t elements) {
  if (elements > tiles_elements_) {
    tiles_ = scratch_.doubles(elements);
    tiles_elements_ = elements;
  }
  return tiles_;
}

Flow::Shared Flow::widen(const Shared& field, int64_t height, int64_t width) {
  const Shape& from = field->shape;
  if (from.height == height && from.width == width) return field;
  const Shared out = allocate(field->full, height, width, field->edge);
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < from.channels; ++c) {
      for (int64_t y = 0; y < height; ++y) {
        const int64_t above = std::min(y, from.height / 2);
        const double* in = field->at(i, c) + std::max(above, y - (height - from.height)) * field->pitch;
        double* row = out->at(i, c) + y * out->pitch;
        const int64_t left = from.width / 2, more = width - from.width;
        std::copy_n(in, left, row);
        std::fill_n(row + left, more, in[left]);
        std::copy_n(in + left, from.width - left, row + left + more);
      }
    }
  }
  clear_halo(*out);
  return out;
}

namespace {

// Pixels of a kernel in so many numbers.
int64_t vectors(int64_t count) { return (count + kLanes - 1) / kLanes; }

Pair farther(Pair a, Pair b) { return {std::max(a.height, b.height), std::max(a.width, b.width)}; }

// Along one axis: outputs at either border that may differ, where `edge` inputs may.
int64_t edge_after(int64_t edge, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  const int64_t first = (edge + padding + stride - 1) / stride;  // the first whose window begins in the middle
  const int64_t room = in - 1 - edge + padding - dilation * (kernel - 1);
  return room < 0 ? out : std::max(first, out - 1 - room / stride);
}

}  // namespace

Flow::Windows Flow::windows(int64_t v, Pair kernel, Pair stride, Pair padding, Pair dilation) {
  const Shared& in = fields_[graph_[v].inputs[0]];
  const Shape &from = graph_[graph_[v].inputs[0]].shape, &to = graph_[v].shape;
  const Shared out = make(
      to, {edge_after(in->edge.height, from.height, to.height, kernel.height, stride.height, padding.height, dilation.height),
           edge_after(in->edge.width, from.width, to.width, kernel.width, stride.width, padding.width, dilation.width)});
  return {widen(in, from.height - stride.height * (to.height - out->shape.height),
                from.width - stride.width * (to.width - out->shape.width)),
          out};
}

const double* Flow::Source::at(int64_t channel, int64_t dy, int64_t dx) const {
  if (phases == nullptr) return field->at(0, channel) + dy * pitch + dx;
  const int64_t y = halo + dy, x = halo + dx;
  const int64_t phase = y % stride.height * stride.width + x % stride.width;
  return phases + (channel * stride.height * stride.width + phase) * plane + y / stride.height * pitch + x / stride.width;
}

Flow::Source Flow::source(const Shared& in, Pair stride) {
  Source source{in, nullptr, stride, halo_, in->pitch, in->plane, in->image()};
  if (stride.height == 1 && stride.width == 1) return source;
  const int64_t rows = in->shape.height + 2 * halo_, columns = in->shape.width + 2 * halo_;
  source.pitch = (columns + stride.width - 1) / stride.width;
  source.plane = (rows + stride.height - 1) / stride.height * source.pitch + 2 * kBlock;
  source.image = in->shape.channels * stride.height * stride.width * source.plane;
  source.phases = scratch_.doubles(kImages * source.image);
  double* out = source.phases;
  for (int64_t p = 0; p < kImages * in->shape.channels; ++p) {
    const double* plane = in->memory + p * in->plane;
    for (int64_t py = 0; py < stride.height; ++py) {
      for (int64_t px = 0; px < stride.width; ++px, out += source.plane) {
        for (int64_t y = py, r = 0; y < rows; y += stride.height, ++r) {
          for (int64_t x = px, c = 0; x < columns; x += stride.width, ++c) out[r * source.pitch + c] = plane[y * in->pitch + x];
        }
      }
    }
  }
  return source;
}

void Flow::gather(const Source& source, const double* weights, int64_t outputs, Field& out, int64_t first, int64_t planes) {
  const auto call = [&](double* to, int64_t from_pitch, int64_t to_pitch, int64_t rows, int64_t pixels) {
    kernels_.gather({inputs_.data(), weights, static_cast<int64_t>(inputs_.size()), outputs, from_pitch, kBlock, to, out.plane,
                     to_pitch, kBlock, rows, (pixels + kBlock - 1) / kBlock, kBlock, false});
  };
  if (source.pitch == out.pitch) {  // an image is one row, with the zeros between its rows
    const int64_t pixels = (planes - 1) * out.plane + (out.shape.height - 1) * out.pitch + out.shape.width;
    call(out.at(0, first), source.image, out.image(), kImages, pixels);
    return;
  }
  const auto shift = [&](int64_t by) {
    for (const double*& input : inputs_) input += by;
  };
  for (int64_t i = 0; i < kImages; ++i) {
    call(out.at(i, first), source.pitch, out.pitch, out.shape.height, out.shape.width);
    shift(source.image);
  }
  shift(-kImages * source.image);
}

void Flow::clear_halo(Field& field) const {
  double* from = field.memory;
  for (int64_t p = 0; p < kImages * field.shape.channels; ++p) {
    double* row = field.memory + p * field.plane + field.head();
    std::fill(from, row, 0.0);
    for (int64_t y = 1; y < field.shape.height && halo_ > 0; ++y, row += field.pitch) {
      row[field.shape.width] = 0;  // mostly all there is
      for (int64_t k = 1; k < halo_; ++k) row[field.shape.width + k] = 0;
    }
    from = field.memory + p * field.plane + field.head() + (field.shape.height - 1) * field.pitch + field.shape.width;
  }
  std::fill(from, field.memory + field.elements(), 0.0);
}

namespace {

// Where a convolution in tiles pays for its sums before and after.
bool in_tiles(const ConvolutionAttributes& a, const Shape& in, const Shape& out) {
  return a.is_plain(3) && a.groups == 1 && std::min(in.channels, out.channels) >= 8 && std::min(out.height, out.width) > 2;
}

}  // namespace

Flow::Shared Flow::convolve(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  const auto [in, out] = windows(v, a.kernel, a.stride, a.padding, a.dilation);
  const TensorValues weights = weight_values(graph_.network(), parameters_, value.node());
  if (in_tiles(a, in->shape, out->shape)) {
    convolve_tiles(weights, *in, *out);
  } else {
    convolve_taps(weights, a, source(in, a.stride), *out);
  }
  // Planes with what lies between them, cleared below.
  const TensorValues bias = bias_values(graph_.network(), parameters_, value.node());
  for (int64_t c = 0; c < value.shape.channels && !bias.empty(); ++c) {
    double* plain = out->at(0, c);
    for (int64_t k = 0; k < out->shape.height * out->pitch; ++k) plain[k] += std::abs(bias[c]);
  }
  kernels_.scale(out->at(1, 0), out->at(0, 0), 1, vectors(out->image()), true);
  clear_halo(*out);
  return out;
}

void Flow::convolve_taps(const TensorValues& weights, const ConvolutionAttributes& a, const Source& from, Field& out) {
  const int64_t planes = from.field->shape.channels / a.groups, outputs = a.outputs / a.groups;
  const int64_t terms = planes * a.kernel.height * a.kernel.width, tiles = (outputs + kGatherOutputs - 1) / kGatherOutputs;
  packed_.resize(static_cast<size_t>(kGatherOutputs * terms));
  for (int64_t g = 0; g < a.groups; ++g) {
    inputs_.clear();
    for (int64_t c = g * planes; c < (g + 1) * planes; ++c) {
      for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
        for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
          inputs_.push_back(from.at(c, ky * a.dilation.height - a.padding.height, kx * a.dilation.width - a.padding.width));
        }
      }
    }
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t first = g * outputs + outputs * t / tiles, count = g * outputs + outputs * (t + 1) / tiles - first;
      weights.visit([&](const auto* values) {
        double* factor = packed_.data();
        for (int64_t k = 0; k < terms; ++k) {
          for (int64_t o = first; o < first + count; ++o) *factor++ = std::abs(static_cast<double>(values[o * terms + k]));
        }
      });
      gather(from, packed_.data(), count, out, first);
    }
  }
}

void Flow::convolve_tiles(const TensorValues& weights, Field& in, Field& out) {
  const Shape& shape = out.shape;
  const int64_t planes = in.shape.channels, rows = (shape.height + 1) / 2, columns = (shape.width + 1) / 2;
  const int64_t pixels = (kImages * rows * columns + kBlock - 1) / kBlock, step = pixels * kBlock;
  // From product to product: a power of two apart they would share sets of the caches (a third more time).
  const int64_t in_step = planes * step + kBlock, out_step = kGatherOutputs * step + kBlock;
  const int64_t full_tiles = (out.full.height + 1) / 2 * ((out.full.width + 1) / 2);
  double* const inputs = tiles(kSmallTileProducts * (planes + kGatherOutputs + 1) * (kImages * full_tiles + kBlock));
  double* const products = inputs + kSmallTileProducts * in_step;
  inputs_.clear();
  for (int64_t p = 0; p < kSmallTileProducts; ++p) {
    for (int64_t c = 0; c < planes; ++c) inputs_.push_back(inputs + p * in_step + c * step);
  }
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < planes; ++c) {
      tile_inputs(in.at(i, c) - in.pitch - 1, in.pitch, rows, columns, inputs + c * step + i * rows * columns, in_step);
    }
  }
  const int64_t parts = (shape.channels + kGatherOutputs - 1) / kGatherOutputs;
  packed_.resize(static_cast<size_t>(kSmallTileProducts * (kGatherOutputs * planes + kBlock)));
  for (int64_t t = 0; t < parts; ++t) {
    const int64_t first = shape.channels * t / parts, count = shape.channels * (t + 1) / parts - first;
    const int64_t weight_step = planes * count + kBlock;
    weights.visit(
        [&](const auto* values) { tile_weights(values + first * planes * 9, count, planes, packed_.data(), weight_step); });
    for (int64_t p = 0; p < kSmallTileProducts; ++p) {
      kernels_.gather({inputs_.data() + p * planes, packed_.data() + p * weight_step, planes, count, 0, kBlock,
                       products + p * out_step, step, 0, kBlock, 1, pixels, kBlock, false});
    }
    for (int64_t i = 0; i < kImages; ++i) {
      for (int64_t o = 0; o < count; ++o) {
        tile_outputs(products + o * step + i * rows * columns, out_step, out.at(i, first + o), out.pitch, shape.height,
                     shape.width);
      }
    }
  }
}

Flow::Shared Flow::add(int64_t v) {
  std::vector<SumTerm> terms;
  for (const SumTerm& term : program_.terms(v)) {
    if (term.coefficient < 0) {
      throw Failure(WINNOW_INVALID, "synaptic flow needs coefficients >= 0 but one was " + std::to_string(term.coefficient));
    }
    if (fields_[term.value] != nullptr) terms.push_back(term);
  }
  if (terms.empty()) return nullptr;
  if (terms.size() == 1 && terms[0].coefficient == 1) return fields_[terms[0].value];
  Pair edge{0, 0};
  for (const SumTerm& term : terms) edge = farther(edge, fields_[term.value]->edge);
  const Shared out = make(graph_[v].shape, edge);
  std::vector<Shared> from;
  for (const SumTerm& term : terms) from.push_back(widen(fields_[term.value], out->shape.height, out->shape.width));
  std::vector<ChannelPlanes<const double>> in;
  std::vector<double> factors;
  for (size_t t = 0; t < terms.size(); ++t) {
    in.push_back({from[t]->memory, 0, 0});
    factors.push_back(terms[t].coefficient);
  }
  kernels_.weighted_sum({{out->memory, 0, 0},
                         in.data(),
                         factors.data(),
                         static_cast<int64_t>(terms.size()),
                         {1, 1, vectors(out->elements()), kLanes},
                         0.0});
  return out;
}

Flow::Shared Flow::average(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<PoolAttributes>(value.attributes);
  const auto [in, out] = windows(v, a.kernel, a.stride, a.padding, {1, 1});
  const Source from = source(in, a.stride);
  const std::vector<double> ones(static_cast<size_t>(a.kernel.height * a.kernel.width), 1.0);
  std::vector<double> shares;  // one over the cells of each window
  for (int64_t y = 0; y < out->shape.height; ++y) {
    for (int64_t x = 0; x < out->shape.width; ++x) shares.push_back(1 / static_cast<double>(window_cells(a, in->shape, y, x)));
  }
  // Planes that lie equally far apart are one long row too.
  const bool one = from.phases == nullptr && from.pitch == out->pitch && from.plane == out->plane;
  const int64_t planes = value.shape.channels;
  for (int64_t p = 0; p < (one ? 1 : planes); ++p) {
    inputs_.clear();
    for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
      for (int64_t kx = 0; kx < a.kernel.width; ++kx)
        inputs_.push_back(from.at(p, ky - a.padding.height, kx - a.padding.width));
    }
    gather(from, ones.data(), 1, *out, p, one ? planes : 1);
  }
  clear_halo(*out);
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < value.shape.channels; ++c) {
      const double* share = shares.data();
      double* row = out->at(i, c);
      for (int64_t y = 0; y < out->shape.height; ++y, row += out->pitch, share += out->shape.width) {
        for (int64_t x = 0; x < out->shape.width; ++x) row[x] *= share[x];
      }
    }
  }
  return out;
}

Flow::Shared Flow::maximise(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<PoolAttributes>(value.attributes);
  const auto [in, out] = windows(v, a.kernel, a.stride, a.padding, {1, 1});
  for (int64_t c = 0; c < value.shape.channels; ++c) {
    for (int64_t y = 0; y < out->shape.height; ++y) {
      for (int64_t x = 0; x < out->shape.width; ++x) {
        int64_t best = -1;  // the first of equal ones
        each_cell(a, in->shape, y, x, [&](int64_t cy, int64_t cx) {
          const int64_t cell = cy * in->pitch + cx;
          if (best < 0 || in->at(0, c)[cell] > in->at(0, c)[best]) best = cell;
        });
        for (int64_t i = 0; i < kImages; ++i) out->at(i, c)[y * out->pitch + x] = in->at(i, c)[best];
      }
    }
  }
  clear_halo(*out);
  return out;
}

Flow::Shared Flow::average_all(int64_t v) {
  const Shape& full = graph_[graph_[v].inputs[0]].shape;
  const Shared in = widen(fields_[graph_[v].inputs[0]], full.height, full.width), out = make(graph_[v].shape, {0, 0});
  const auto cells = static_cast<double>(in->shape.height * in->shape.width);
  for (int64_t i = 0; i < kImages; ++i) {
    for (int64_t c = 0; c < in->shape.channels; ++c) {
      double sum = 0;
      for (int64_t y = 0; y < in->shape.height; ++y) {
        for (int64_t x = 0; x < in->shape.width; ++x) sum += in->at(i, c)[y * in->pitch + x];
      }
      *out->at(i, c) = sum / cells;
    }
  }
  clear_halo(*out);
  return out;
}

Flow::Shared Flow::rectify(int64_t v, double cap) {
  const Shared& in = fields_[graph_[v].inputs[0]];
  const Shared out = make(graph_[v].shape, in->edge);
  for (int64_t c = 0; c < in->shape.channels; ++c) {
    for (int64_t y = 0; y < in->shape.height; ++y) {
      for (int64_t x = 0; x < in->shape.width; ++x) {
        const int64_t pixel = y * in->pitch + x;
        const bool below = in->at(0, c)[pixel] < cap;
        out->at(0, c)[pixel] = below ? in->at(0, c)[pixel] : cap;
        out->at(1, c)[pixel] = below ? in->at(1, c)[pixel] : cap;
      }
    }
  }
  clear_halo(*out);
  return out;
}

Flow::Shared Flow::rearrange(int64_t v) {
  const Value& value = graph_[v];
  // Rows of a padded or cut image lie elsewhere than its own.
  const bool moves = value.operation == WINNOW_PAD_CROP;
  Pair edge{0, 0};
  for (const int64_t input : value.inputs) {
    if (fields_[input] != nullptr) edge = farther(edge, fields_[input]->edge);
  }
  if (moves) edge = {value.shape.height, value.shape.width};
  const Shared out = make(value.shape, edge);
  std::fill_n(out->memory, out->elements(), 0.0);
  int64_t first = 0, top = 0, left = 0, skipped = 0;
  if (value.operation == WINNOW_PAD_CROP) {
    const auto& a = std::get<PadCropAttributes>(value.attributes);
    top = a.top, left = a.left;
  } else if (value.operation == WINNOW_CHANNEL_SLICE) {
    skipped = std::get<ChannelSliceAttributes>(value.attributes).first;
  }
  for (const int64_t input : value.inputs) {  // several: they are put one behind the other
    const Shape& full = graph_[input].shape;
    if (fields_[input] == nullptr) {
      first += full.channels;
      continue;
    }
    const Shared in = widen(fields_[input], moves ? full.height : out->shape.height, moves ? full.width : out->shape.width);
    const int64_t channels = std::min(in->shape.channels - skipped, value.shape.channels - first);
    const int64_t begin = std::max<int64_t>(0, left), end = std::min(out->shape.width, in->shape.width + left);
    for (int64_t i = 0; i < kImages; ++i) {
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t y = std::max<int64_t>(0, top); y < std::min(out->shape.height, in->shape.height + top); ++y) {
          if (begin >= end) continue;
          std::copy_n(in->at(i, skipped + c) + (y - top) * in->pitch + begin - left, end - begin,
                      out->at(i, first + c) + y * out->pitch + begin);
        }
      }
    }
    first += channels;
  }
  return out;
}

void synaptic_flow(Plan& plan, const winnow_call& call, double* flows) {
  const Graph& graph = plan.graph();
  const int64_t choices = graph.network().choices();
  plan.device().pool->run(call.job_count, [&](int64_t j, int64_t) {
    if (call.cancel != nullptr && *call.cancel != 0) throw Failure(WINNOW_CANCELLED, "the call was cancelled");
    const winnow_job& job = call.jobs[j];
    const int64_t at = std::max<int64_t>(0, job.row) * choices;
    const Program program(graph, choices == 0 ? nullptr : call.states + at, choices == 0 ? nullptr : call.coefficients + at,
                          {graph.output()}, false);
    flows[j] = Flow(graph, kernels_of<double>(plan.device().variant), program, call.parameters[job.parameters]->parameters,
                    *plan.device().arenas)
                   .total();
  });
}

}  // namespace winnow
