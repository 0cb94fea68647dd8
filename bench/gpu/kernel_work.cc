#include "kernel_work.h"

#include <iterator>
#include <type_traits>
#include <vector>

#include "cuda/kernels/kernels.h"

namespace winnow::bench {
namespace {

using namespace machine;

// A list that a launch points to.
template <typename E>
std::vector<E> list_of(const winnow_machine_table& table, winnow_machine* machine, const E* first, int32_t count) {
  std::vector<E> list(static_cast<size_t>(count));
  winnow_machine_error error;
  if (table.download(machine, list.data(), first, static_cast<int64_t>(list.size() * sizeof(E)), &error) != 0) list.clear();
  return list;
}

// Passes or tasks of a launch that gives `elements` elements of each to threads.
double count_of(int64_t blocks, int64_t elements, int32_t threads) {
  return static_cast<double>(blocks) / static_cast<double>(blocks_for(elements, threads));
}

double elements(const Size& size) { return static_cast<double>(size.elements()); }

class Counter {
 public:
  Counter(const winnow_machine_table& table, winnow_machine* machine, const winnow_launch& launch)
      : table_(table), machine_(machine), launch_(launch), blocks_(launch.blocks) {}

  template <typename T>
  KernelWork operator()(const Convolution<T>*) const {
    const auto a = arguments_of<Convolution<T>>(launch_);
    const double tiles = a.tiling.groups * a.tiling.tiles();
    const double passes = count_of(blocks_, a.out.size.channel(), Convolution<T>::kThreads) / tiles;
    const double terms = a.in.size.channels / a.tiling.groups * a.window.kernel_height * a.window.kernel_width;
    return {2 * passes * elements(a.out.size) * terms, passes * sizeof(T) * (elements(a.in.size) + elements(a.out.size))};
  }

  template <typename T>
  KernelWork operator()(const ConvolutionData<T>*) const {
    const auto a = arguments_of<ConvolutionData<T>>(launch_);
    const double tiles = a.tiling.groups * a.tiling.tiles();
    const double tasks = count_of(blocks_, a.out.size.channel(), ConvolutionData<T>::kThreads) / tiles;
    KernelWork work = {0, tasks * sizeof(T) * elements(a.out.size)};
    for (const DataPart& part : list_of(table_, machine_, a.parts, a.count)) {
      const double outputs = elements(part.size), normed = part.value < 0 ? 0 : 1.0 / a.choices.tasks_per_pass;
      work.flops += 2 * tasks * outputs * a.tiling.channels * part.window.kernel_height * part.window.kernel_width;
      work.bytes += tasks * sizeof(T) * outputs * (1 + normed);
    }
    return work;
  }

  template <typename T>
  KernelWork operator()(const Correlation<T>*) const {
    const auto a = arguments_of<Correlation<T>>(launch_);
    const double tasks = static_cast<double>(blocks_) / static_cast<double>(a.blocks_per_task());
    return {2 * tasks * elements(a.gradient.size) * a.inputs() * a.count,
            tasks * sizeof(T) * (elements(a.gradient.size) + elements(a.in.size) / a.choices.tasks_per_pass)};
  }

  template <typename T>
  KernelWork operator()(const Gram<T>*) const {
    const auto a = arguments_of<Gram<T>>(launch_);
    const double passes = static_cast<double>(blocks_) / static_cast<double>(a.blocks_per_pass()), n = a.n;
    const auto row = static_cast<double>(a.elements);
    return {passes * n * (n + 1) * row, passes * (sizeof(T) * n * row + 8 * n * n)};
  }

  template <typename T>
  KernelWork operator()(const Statistics<T>*) const {
    const auto a = arguments_of<Statistics<T>>(launch_);
    return {0, static_cast<double>(blocks_) * sizeof(T) * static_cast<double>(a.in.size.channel())};
  }

  template <typename T>
  KernelWork operator()(const ChannelSums<T>*) const {
    const auto a = arguments_of<ChannelSums<T>>(launch_);
    const double normed = a.values.first == nullptr ? 0 : 1.0 / a.choices.tasks_per_pass;
    return {0, static_cast<double>(blocks_) * sizeof(T) * static_cast<double>(a.gradient.size.channel()) * (1 + normed)};
  }

  template <typename T>
  KernelWork operator()(const WeightedSum<T>*) const {
    const auto a = arguments_of<WeightedSum<T>>(launch_);
    return moved<WeightedSum<T>>(a.out.size, sizeof(T) * (1.0 + a.count));
  }

  template <typename T>
  KernelWork operator()(const Collect<T>*) const {
    const auto a = arguments_of<Collect<T>>(launch_);
    KernelWork work = moved<Collect<T>>(a.out.size, sizeof(T));
    const double tasks = count_of(blocks_, a.out.size.elements(), Collect<T>::kThreads);
    for (const Reader& reader : list_of(table_, machine_, a.readers, a.count)) {
      const bool reads =
          reader.kind == ReaderKind::kRectify || reader.kind == ReaderKind::kNorm || reader.kind == ReaderKind::kMaximum;
      work.bytes += tasks * sizeof(T) * elements(reader.size);
      if (reads) work.bytes += tasks / a.choices.tasks_per_pass * sizeof(T) * elements(a.out.size);
    }
    return work;
  }

  KernelWork operator()(const HashRows*) const {
    const auto a = arguments_of<HashRows>(launch_);
    return {0, static_cast<double>(a.count) * (8.0 * static_cast<double>(a.words) + sizeof(RowHash))};
  }
  // Rows themselves are read only where hashes are equal: not counted.
  KernelWork operator()(const FirstRows*) const {
    const auto a = arguments_of<FirstRows>(launch_);
    const double groups = count_of(blocks_, a.largest, FirstRows::kThreads);
    return {0, groups * static_cast<double>(a.largest) * (sizeof(RowHash) + sizeof(int32_t))};
  }

  template <typename T>
  KernelWork operator()(const Load<T>*) const {
    return moved<Load<T>>(arguments_of<Load<T>>(launch_).out.size, sizeof(double) + sizeof(T));
  }
  template <typename T>
  KernelWork operator()(const Rectify<T>*) const {
    return moved<Rectify<T>>(arguments_of<Rectify<T>>(launch_).out.size, 2 * sizeof(T));
  }
  // And a bit for every place that a pass has its sign at.
  template <typename T>
  KernelWork operator()(const RectifyAndPack<T>*) const {
    const auto a = arguments_of<RectifyAndPack<T>>(launch_);
    const Size& size = a.rectify.out.size;
    KernelWork work = moved<RectifyAndPack<T>>(size, 2 * sizeof(T));
    const auto passes = static_cast<int32_t>(blocks_ / blocks_for(size.elements(), RectifyAndPack<T>::kThreads));
    const int32_t pitch = a.signs.values + 1;
    const std::vector<int32_t> first = list_of(table_, machine_, a.signs.first_place, passes * pitch);
    for (size_t at = static_cast<size_t>(a.signs.value); at + 1 < first.size(); at += static_cast<size_t>(pitch)) {
      work.bytes += elements(size) / 8 * (first[at + 1] - first[at]);
    }
    return work;
  }
  template <typename T>
  KernelWork operator()(const Affine<T>*) const {
    return moved<Affine<T>>(arguments_of<Affine<T>>(launch_).out.size, 2 * sizeof(T));
  }
  template <typename T>
  KernelWork operator()(const Round<T>*) const {
    return {0, static_cast<double>(arguments_of<Round<T>>(launch_).count) * (sizeof(double) + sizeof(T))};
  }
  template <typename T>
  KernelWork operator()(const AveragePool<T>*) const {
    return pooled<AveragePool<T>>(sizeof(T));
  }
  template <typename T>
  KernelWork operator()(const MaximumPool<T>*) const {
    return pooled<MaximumPool<T>>(sizeof(T));
  }
  template <typename T>
  KernelWork operator()(const MeanPool<T>*) const {
    return pooled<MeanPool<T>>(sizeof(T));
  }
  // Small ones, or those of probes: their time is told, no limit is.
  KernelWork operator()(const void*) const { return {}; }

 private:
  template <typename Kernel>
  KernelWork moved(const Size& size, double bytes_of_element) const {
    return {0, count_of(blocks_, size.elements(), Kernel::kThreads) * elements(size) * bytes_of_element};
  }
  template <typename Kernel>
  KernelWork pooled(double bytes) const {
    const auto a = arguments_of<Kernel>(launch_);
    return {0,
            count_of(blocks_, a.out.size.elements(), Kernel::kThreads) * bytes * (elements(a.in.size) + elements(a.out.size))};
  }

  const winnow_machine_table& table_;
  winnow_machine* machine_;
  const winnow_launch& launch_;
  int64_t blocks_;
};

template <typename Kernel>
struct OfDoubles : std::false_type {};
template <template <typename> class Kernel>
struct OfDoubles<Kernel<double>> : std::true_type {};

}  // namespace

KernelWork work_of(const winnow_machine_table& table, winnow_machine* machine, const winnow_launch& launch) {
  KernelWork work;
  const Counter counter(table, machine, launch);
  dispatch(launch.kernel, [&](auto* kernel) {
    using Kernel = std::remove_pointer_t<decltype(kernel)>;
    work = counter(static_cast<const Kernel*>(kernel));
    work.doubles = OfDoubles<Kernel>::value;
  });
  return work;
}

const char* kernel_name(int32_t kernel) {
  static const char* const names[] = {
#define KERNEL(enumerator, ...) #__VA_ARGS__,
#include "cuda/kernels/kernels.inc"
#undef KERNEL
  };
  return kernel >= 0 && kernel < static_cast<int32_t>(std::size(names)) ? names[kernel] : "?";
}

}  // namespace winnow::bench
