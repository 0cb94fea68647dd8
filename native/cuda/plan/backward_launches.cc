#include <algorithm>
#include <set>

#include "cuda/plan/launches.h"

namespace winnow {

using namespace machine;

namespace {

int32_t narrow(int64_t number) { return static_cast<int32_t>(number); }

std::vector<Shift> shifts_of(const WeightGroup& group, const std::vector<int64_t>* own) {
  std::vector<Shift> shifts;
  const auto add = [&](const Pair& tap) { shifts.push_back({narrow(tap.height), narrow(tap.width)}); };
  if (own == nullptr) std::for_each(group.taps.begin(), group.taps.end(), add);
  if (own != nullptr) {
    for (const int64_t tap : *own) add(group.taps[static_cast<size_t>(tap)]);
  }
  return shifts;
}

template <typename T>
class BackwardLaunches {
 public:
  // `tasks_per_pass` 1 and no rows: what is done once a pass.
  BackwardLaunches(const Setting& setting, const Memory<T>& memory, int64_t tasks_per_pass, const RowPlan& rows, Tables& tables,
                   Launches& launches)
      : s_(setting),
        m_(memory),
        rows_(rows),
        tables_(tables),
        launches_(launches),
        tasks_(setting.passes * tasks_per_pass),
        choices_{memory.present, memory.factor, setting.layout.slots(), narrow(tasks_per_pass)} {}

  void prepare(bool wide) {
    if (wide) round();
    for (int64_t v = 0; v < s_.graph.size(); ++v) {
      for (const WeightGroup& group : program().weight_groups(v)) {
        for (size_t k = 0; k < group.convolutions.size(); ++k) {
          if (centred(group.convolutions[k])) prepare(group, k);
        }
      }
    }
  }

  void run(const SeedPlan& seed) {
    for (int64_t v = s_.graph.size() - 1; v >= 0; --v) {
      if (!program().flows(v)) continue;
      if (s_.layout.stored(v)) {
        v == s_.graph.output() ? enter(v, seed) : pull(v);
        weights(v);
      }
      if (s_.graph[v].operation == WINNOW_BATCH_NORM && s_.graph[s_.graph[v].inputs[0]].gradient != GradientKind::kVirtual) {
        norm(v);
      }
    }
    if (rows_.input >= 0 && program().flows(0)) {
      launch<StoreInput<T>>({choices_, gradient(0), m_.rows, rows_.pitch, rows_.pitch * rows_.cotangents, rows_.input,
                             narrow(rows_.first), s_.layout.flows(0)},
                            s_.size_of(0).elements());
    }
  }

 private:
  const Program& program() const { return s_.layout.all(); }
  BatchPlanes<T> gradient_out(int64_t v) const {
    return {m_.gradients + s_.layout.gradient(v), s_.layout.gradient_elements(), s_.size_of(v)};
  }
  BatchPlanes<const T> gradient(int64_t v) const {
    const BatchPlanes<T> p = gradient_out(v);
    return {p.first, p.pitch, p.size};
  }
  BatchPlanes<const T> value(int64_t v) const {
    return {m_.values + s_.layout.value(v), s_.layout.value_elements(), s_.size_of(v)};
  }
  ParameterTable<T> parameters() const { return {m_.parameters, m_.set_of, s_.parameter_elements}; }
  GradientRows<T> gradient_rows() const {
    return {m_.rows, rows_.pitch, rows_.pitch * rows_.cotangents, narrow(rows_.first), narrow(rows_.count)};
  }
  // Whether a convolution lies under a norm that is differentiated through.
  bool centred(int64_t v) const {
    return s_.graph[v].gradient == GradientKind::kVirtual && mode(program().gradient_value(v)) == WINNOW_NORM_BATCH;
  }
  winnow_norm_mode mode(int64_t norm) const { return s_.norm_modes[static_cast<size_t>(norm)]; }

  template <typename Kernel>
  void launch(const typename Kernel::Arguments& arguments, int64_t elements) {
    launches_.push_back(launch_of<Kernel>(arguments, tasks_ * blocks_for(elements, Kernel::kThreads)));
  }

  void round() {
    const int64_t count = s_.passes * s_.layout.value_elements();
    if constexpr (sizeof(T) != sizeof(double)) {
      launches_.push_back(launch_of<Round<T>>({m_.wide_values, m_.values, count}, blocks_for(count, Round<T>::kThreads)));
    }
  }

  void prepare(const WeightGroup& group, size_t member) {
    const int64_t v = group.convolutions[member];
    const std::vector<Shift> shifts = shifts_of(group, &group.tap_of[member]);
    const auto [first, second] = s_.layout.prepared(v);
    const int64_t pitch = s_.layout.prepared_elements();
    launches_.push_back(
        launch_of<InputSums<T>>({choices_, value(group.input), tables_.add(shifts), m_.prepared + first, pitch, s_.size_of(v),
                                 narrow(static_cast<int64_t>(shifts.size())), narrow(group.stride.height),
                                 narrow(group.stride.width), s_.layout.flows(v)},
                                tasks_ * s_.graph[group.input].shape.channels * static_cast<int64_t>(shifts.size())));
    correlate(group, shifts, value(v), {s_.layout.flows(v)}, m_.prepared + second, pitch);
  }

  void correlate(const WeightGroup& group, const std::vector<Shift>& shifts, const BatchPlanes<const T>& planes,
                 const std::vector<int32_t>& slots, double* out, int64_t pitch) {
    const typename machine::Correlation<T>::Arguments arguments = {choices_,
                                                                   planes,
                                                                   value(group.input),
                                                                   tables_.add(shifts),
                                                                   out,
                                                                   pitch,
                                                                   narrow(static_cast<int64_t>(shifts.size())),
                                                                   narrow(group.groups),
                                                                   narrow(group.stride.height),
                                                                   narrow(group.stride.width),
                                                                   tables_.add(slots),
                                                                   narrow(static_cast<int64_t>(slots.size())),
                                                                   0};
    launches_.push_back(launch_of<machine::Correlation<T>>(arguments, tasks_ * arguments.blocks_per_task()));
  }

  void enter(int64_t v, const SeedPlan& seed) {
    launch<Seed<T>>({m_.seeds, seed.of_pass, seed.of_cotangent, gradient_out(v), seed.factor, narrow(rows_.count),
                     narrow(rows_.first), seed.own_sample ? 1 : 0},
                    s_.size_of(v).elements());
  }

  // The gradient of a value: what its readers send back.
  void pull(int64_t v) {
    std::vector<Reader> readers;
    std::vector<int64_t> convolutions;
    for (const int64_t reader : program().readers(v)) {
      s_.graph[reader].operation == WINNOW_CONVOLUTION ? convolutions.push_back(reader) : add_reader(v, reader, readers);
    }
    // Also where there is none: whoever has no reader at all has a gradient of zeros.
    const bool collected = !readers.empty() || convolutions.empty();
    if (collected) {
      launch<Collect<T>>(
          {choices_, m_.norm_gradient, m_.gradients, m_.values, s_.layout.gradient_elements(), s_.layout.value_elements(),
           tables_.add(readers), gradient_out(v), narrow(static_cast<int64_t>(readers.size())), s_.layout.flows(v)},
          s_.size_of(v).elements());
    }
    std::set<int64_t> groups;
    for (const int64_t c : convolutions) groups.insert(std::get<ConvolutionAttributes>(s_.graph[c].attributes).groups);
    bool add = collected;
    for (const int64_t count : groups) {
      convolved(v, convolutions, count, add);
      add = true;
    }
  }

  void convolved(int64_t v, const std::vector<int64_t>& convolutions, int64_t groups, bool add) {
    std::vector<DataPart> parts;
    for (const int64_t c : convolutions) {
      if (std::get<ConvolutionAttributes>(s_.graph[c].attributes).groups != groups) continue;
      const int64_t norm = program().gradient_value(c);
      parts.push_back({s_.layout.gradient(c), norm == c ? -1 : s_.layout.value(c),
                       s_.parameter(c, s_.linear(c) ? WINNOW_LINEAR_WEIGHT : WINNOW_CONVOLUTION_WEIGHT), s_.size_of(c),
                       window_of(s_.graph[c]), narrow(norm == c ? 0 : s_.layout.norm(norm)), s_.layout.flows(c),
                       s_.layout.flows(norm), 0});
    }
    const typename ConvolutionData<T>::Arguments arguments = {choices_,
                                                              parameters(),
                                                              m_.norm_gradient,
                                                              m_.gradients,
                                                              m_.values,
                                                              s_.layout.gradient_elements(),
                                                              s_.layout.value_elements(),
                                                              tables_.add(parts),
                                                              gradient_out(v),
                                                              {narrow(groups), narrow(s_.graph[v].shape.channels / groups)},
                                                              narrow(static_cast<int64_t>(parts.size())),
                                                              add ? 1 : 0,
                                                              s_.layout.flows(v),
                                                              0};
    launches_.push_back(launch_of<ConvolutionData<T>>(
        arguments,
        tasks_ * groups * arguments.tiling.tiles() * blocks_for(arguments.out.size.channel(), ConvolutionData<T>::kThreads)));
  }

  void add_reader(int64_t v, int64_t reader, std::vector<Reader>& readers) {
    const Value& value = s_.graph[reader];
    Reader r = {};
    r.slot = r.source = s_.layout.flows(reader);
    r.gradient = s_.layout.gradient(reader);
    r.size = s_.size_of(reader);
    switch (value.operation) {
      case WINNOW_WEIGHTED_SUM:
        r.slot = r.source = s_.layout.sent(reader, v);
        break;  // kSame
      case WINNOW_NOISE:
        break;
      case WINNOW_RELU:
        r.kind = ReaderKind::kRectify;
        r.value = s_.layout.value(reader);
        r.cap = std::get<ReluAttributes>(value.attributes).cap;
        break;
      case WINNOW_GLOBAL_AVERAGE_POOL:
        r.kind = ReaderKind::kMean;
        break;
      case WINNOW_BATCH_NORM:
        r.kind = ReaderKind::kNorm;
        r.value = s_.layout.value(v);
        r.norm = narrow(s_.layout.norm(reader));
        break;
      case WINNOW_AVERAGE_POOL:
      case WINNOW_MAX_POOL: {
        const auto& a = std::get<PoolAttributes>(value.attributes);
        r.kind = value.operation == WINNOW_AVERAGE_POOL ? ReaderKind::kAverage : ReaderKind::kMaximum;
        r.value = s_.layout.value(v);
        r.window = window_of(value);
        r.count_padding = a.count_include_pad;
        break;
      }
      case WINNOW_PAD_CROP: {
        const auto& a = std::get<PadCropAttributes>(value.attributes);
        r.kind = ReaderKind::kBox;
        r.top = narrow(a.top);
        r.left = narrow(a.left);
        break;
      }
      case WINNOW_CHANNEL_SLICE:
        r.kind = ReaderKind::kBox;
        r.channel = narrow(-std::get<ChannelSliceAttributes>(value.attributes).first);
        break;
      default: {  // CONCAT: one box for each time that it takes the value
        r.kind = ReaderKind::kBox;
        int64_t first = 0;
        for (const int64_t input : value.inputs) {
          r.channel = narrow(first);
          if (input == v) readers.push_back(r);
          first += s_.graph[input].shape.channels;
        }
        return;
      }
    }
    readers.push_back(r);
  }

  NormSink<T> sink(int64_t norm) const {
    const winnow_norm_mode how = mode(norm);
    const Shape& shape = s_.graph[norm].shape;
    return {m_.norms,
            m_.norm_gradient,
            gradient_rows(),
            s_.column(norm, WINNOW_NORM_SCALE),
            s_.column(norm, WINNOW_NORM_SHIFT),
            how == WINNOW_NORM_BATCH ? static_cast<double>(s_.layout.batch() * shape.height * shape.width) : 0.0,
            narrow(s_.layout.norm(norm)),
            how == WINNOW_NORM_IDENTITY ? 1 : 0};
  }

  void norm(int64_t v) {
    const int64_t source = program().source(v).value, channels = s_.graph[v].shape.channels, first = s_.layout.norm(v);
    double *sums = m_.norm_sums + first, *products = m_.norm_products + first;
    const int64_t pitch = s_.layout.norm_channels();
    launches_.push_back(launch_of<ChannelSums<T>>(
        {choices_, gradient(source), value(s_.graph[v].inputs[0]), sums, products, pitch, s_.layout.flows(v), 0},
        tasks_ * channels));
    launches_.push_back(launch_of<NormBackward<T>>(
        {choices_, sink(v), sums, products, pitch, tasks_, narrow(channels), s_.layout.flows(v), s_.layout.flows(v)},
        blocks_for(tasks_ * channels, NormBackward<T>::kThreads)));
  }

  // Gradients of the weights of all convolutions whose own gradient lies in a value's buffer, and what their norms send back.
  void weights(int64_t v) {
    const std::vector<WeightGroup>& groups = program().weight_groups(v);
    if (groups.empty()) return;
    const int64_t sum_pitch = s_.layout.sum_channels();
    launches_.push_back(launch_of<ChannelSums<T>>({choices_,
                                                   gradient(v),
                                                   {nullptr, 0, s_.size_of(v)},
                                                   m_.sums + s_.layout.sum(v),
                                                   nullptr,
                                                   sum_pitch,
                                                   s_.layout.flows(v),
                                                   0},
                                                  tasks_ * s_.graph[v].shape.channels));
    for (size_t g = 0; g < groups.size(); ++g) {
      std::vector<int32_t> slots;
      for (const int64_t c : groups[g].convolutions) slots.push_back(s_.layout.flows(c));
      double* correlation = m_.correlations + s_.layout.correlation(v, g);
      correlate(groups[g], shifts_of(groups[g], nullptr), gradient(v), slots, correlation, s_.layout.correlation_elements());
      for (size_t k = 0; k < groups[g].convolutions.size(); ++k) finish(v, groups[g], k, correlation);
    }
  }

  void finish(int64_t source, const WeightGroup& group, size_t member, const double* correlation) {
    const int64_t v = group.convolutions[member], norm = program().gradient_value(v);
    const auto& a = std::get<ConvolutionAttributes>(s_.graph[v].attributes);
    const winnow_role weight = s_.linear(v) ? WINNOW_LINEAR_WEIGHT : WINNOW_CONVOLUTION_WEIGHT;
    const winnow_role bias = s_.linear(v) ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS;
    const std::vector<int32_t> tap_of(group.tap_of[member].begin(), group.tap_of[member].end());
    const auto [first, second] = norm == v ? std::pair<int64_t, int64_t>(0, 0) : s_.layout.prepared(v);
    launches_.push_back(launch_of<WeightGradient<T>>({choices_,
                                                      {m_.wide_parameters, m_.set_of, s_.parameter_elements},
                                                      correlation,
                                                      m_.sums + s_.layout.sum(source),
                                                      m_.prepared + first,
                                                      m_.prepared + second,
                                                      tables_.add(tap_of),
                                                      gradient_rows(),
                                                      norm == v ? NormSink<T>{} : sink(norm),
                                                      s_.layout.correlation_elements(),
                                                      s_.layout.sum_channels(),
                                                      s_.layout.prepared_elements(),
                                                      tasks_,
                                                      s_.parameter(v, weight),
                                                      a.bias ? s_.parameter(v, bias) : -1,
                                                      s_.column(v, weight),
                                                      s_.column(v, bias),
                                                      narrow(static_cast<int64_t>(tap_of.size())),
                                                      narrow(static_cast<int64_t>(group.taps.size())),
                                                      narrow(s_.graph[group.input].shape.channels / group.groups),
                                                      narrow(a.outputs),
                                                      narrow(group.groups),
                                                      norm == v ? 0 : 1,
                                                      s_.layout.flows(v),
                                                      s_.layout.flows(norm)},
                                                     blocks_for(tasks_ * a.outputs, WeightGradient<T>::kThreads)));
  }

  const Setting& s_;
  const Memory<T>& m_;
  const RowPlan& rows_;
  Tables& tables_;
  Launches& launches_;
  int64_t tasks_;
  const Choices choices_;
};

}  // namespace

template <typename T>
void add_preparation(const Setting& setting, const Memory<T>& memory, bool wide, Tables& tables, Launches& launches) {
  BackwardLaunches<T>(setting, memory, 1, {0, 1, 0, 0, -1}, tables, launches).prepare(wide);
}

template <typename T>
void add_backward(const Setting& setting, const Memory<T>& memory, const SeedPlan& seed, const RowPlan& rows, Tables& tables,
                  Launches& launches) {
  BackwardLaunches<T>(setting, memory, rows.count, rows, tables, launches).run(seed);
}

template void add_preparation(const Setting&, const Memory<float>&, bool, Tables&, Launches&);
template void add_preparation(const Setting&, const Memory<double>&, bool, Tables&, Launches&);
template void add_backward(const Setting&, const Memory<float>&, const SeedPlan&, const RowPlan&, Tables&, Launches&);
template void add_backward(const Setting&, const Memory<double>&, const SeedPlan&, const RowPlan&, Tables&, Launches&);

}  // namespace winnow
