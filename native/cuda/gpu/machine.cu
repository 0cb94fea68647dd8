// The machine of an NVIDIA GPU. Plain C outside (cuda/machine.h); every call of the runtime is checked.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <type_traits>

#include "cuda/kernels/kernels.h"

using namespace winnow::machine;

struct winnow_machine {
  int device;
  winnow_machine_facts facts;  // but for what is free
  cudaStream_t stream;
  cudaEvent_t begin, end;
};

struct winnow_recording {
  cudaGraphExec_t graph;
};

namespace {

int32_t answer(cudaError_t result, const char* call, winnow_machine_error* error) {
  if (result == cudaSuccess) return WINNOW_MACHINE_OK;
  std::snprintf(error->text, sizeof error->text, "%s: %s (%s)", call, cudaGetErrorString(result), cudaGetErrorName(result));
  static_cast<void>(cudaGetLastError());  // it was told
  return result == cudaErrorMemoryAllocation ? WINNOW_MACHINE_OUT_OF_MEMORY : WINNOW_MACHINE_FAILED;
}

// One kernel for all: phases with barriers between them, the last one without. Its first block is number `first`.
template <typename Kernel>
__global__ void __launch_bounds__(Kernel::kThreads)
    run(const __grid_constant__ typename Kernel::Arguments arguments, const int64_t first) {
  __shared__ typename Kernel::Shared shared;
#pragma unroll
  for (int32_t phase = 0; phase < Kernel::kPhases; ++phase) {
    if (phase > 0) __syncthreads();
    Kernel::run(arguments, first + blockIdx.x, static_cast<int32_t>(threadIdx.x), phase, shared);
  }
}

// A grid has at most 2^31 - 1 blocks; a launch of more is several of them.
constexpr int64_t kMostBlocks = 2147483647;

// Calls start(grid) for every grid of the launches, one after the other; what it answers is the answer, and names `call`.
template <typename Start>
int32_t each_grid(const winnow_launch* launches, int64_t count, const char* call, winnow_machine_error* error, Start start) {
  for (int64_t i = 0; i < count; ++i) {
    const winnow_launch& one = launches[i];
    if (one.blocks < 0) {
      std::snprintf(error->text, sizeof error->text, "kernel %d over %lld blocks", one.kernel,
                    static_cast<long long>(one.blocks));
      return WINNOW_MACHINE_FAILED;
    }
    cudaError_t result = cudaSuccess;
    const bool known = dispatch(one.kernel, [&](auto* kernel) {
      using Kernel = std::remove_pointer_t<decltype(kernel)>;
      typename Kernel::Arguments arguments = arguments_of<Kernel>(one);
      for (int64_t first = 0; first < one.blocks && result == cudaSuccess; first += kMostBlocks) {
        void* parameters[] = {&arguments, &first};
        cudaKernelNodeParams grid = {};
        grid.func = reinterpret_cast<void*>(run<Kernel>);
        grid.gridDim = dim3(static_cast<unsigned>(std::min(one.blocks - first, kMostBlocks)));
        grid.blockDim = dim3(Kernel::kThreads);
        grid.kernelParams = parameters;
        result = start(grid);
      }
    });
    if (!known) {
      std::snprintf(error->text, sizeof error->text, "kernel %d is none", one.kernel);
      return WINNOW_MACHINE_FAILED;
    }
    if (const int32_t code = answer(result, call, error)) return code;
  }
  return WINNOW_MACHINE_OK;
}

void close_machine(winnow_machine* machine) {
  cudaSetDevice(machine->device);
  if (machine->begin != nullptr) cudaEventDestroy(machine->begin);
  if (machine->end != nullptr) cudaEventDestroy(machine->end);
  if (machine->stream != nullptr) cudaStreamDestroy(machine->stream);
  delete machine;
}

int32_t attribute(const winnow_machine* machine, cudaDeviceAttr which) {
  int value = 0;
  return cudaDeviceGetAttribute(&value, which, machine->device) == cudaSuccess ? value : 0;
}

// What never changes, asked for once: clocks and properties are slow to get, and every call of a plan asks what is free.
int32_t look_up(winnow_machine* machine, winnow_machine_error* error) {
  cudaDeviceProp properties;
  if (const int32_t code = answer(cudaGetDeviceProperties(&properties, machine->device), "cudaGetDeviceProperties", error)) {
    return code;
  }
  winnow_machine_facts& facts = machine->facts;
  std::snprintf(facts.name, sizeof facts.name, "%s", properties.name);
  facts.major = properties.major;
  facts.minor = properties.minor;
  facts.processors = properties.multiProcessorCount;
  facts.shared_bytes = static_cast<int64_t>(properties.sharedMemPerBlock);
  facts.cache_bytes = properties.l2CacheSize;
  facts.clock_kilohertz = attribute(machine, cudaDevAttrClockRate);
  facts.memory_kilohertz = attribute(machine, cudaDevAttrMemoryClockRate);
  facts.memory_bits = attribute(machine, cudaDevAttrGlobalMemoryBusWidth);
  return WINNOW_MACHINE_OK;
}

int32_t open_machine(int32_t index, winnow_machine** opened, winnow_machine_error* error) {
  if (const int32_t code = answer(cudaSetDevice(index), "cudaSetDevice", error)) return code;
  auto* machine = new winnow_machine{index, {}, nullptr, nullptr, nullptr};
  int32_t code = look_up(machine, error);
  if (code == 0) code = answer(cudaStreamCreateWithFlags(&machine->stream, cudaStreamNonBlocking), "cudaStreamCreate", error);
  if (code == 0) code = answer(cudaEventCreate(&machine->begin), "cudaEventCreate", error);
  if (code == 0) code = answer(cudaEventCreate(&machine->end), "cudaEventCreate", error);
  if (code != 0) {
    close_machine(machine);
    return code;
  }
  *opened = machine;
  return WINNOW_MACHINE_OK;
}

int32_t machine_facts(winnow_machine* machine, winnow_machine_facts* facts, winnow_machine_error* error) {
  *facts = machine->facts;
  if (const int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error)) return code;
  size_t free = 0, total = 0;
  if (const int32_t code = answer(cudaMemGetInfo(&free, &total), "cudaMemGetInfo", error)) return code;
  facts->total_bytes = static_cast<int64_t>(total);
  facts->free_bytes = static_cast<int64_t>(free);
  return WINNOW_MACHINE_OK;
}

int32_t allocate(winnow_machine* machine, int64_t bytes, void** memory, winnow_machine_error* error) {
  int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  if (code == 0) code = answer(cudaMalloc(memory, static_cast<size_t>(bytes)), "cudaMalloc", error);
  if (code == 0) {
    code = answer(cudaMemsetAsync(*memory, 0, static_cast<size_t>(bytes), machine->stream), "cudaMemsetAsync", error);
  }
  return code;
}

void release(winnow_machine* machine, void* memory) {
  cudaSetDevice(machine->device);
  cudaStreamSynchronize(machine->stream);
  cudaFree(memory);
}

int32_t wait(winnow_machine* machine, winnow_machine_error* error) {
  return answer(cudaStreamSynchronize(machine->stream), "the work before it", error);
}

// The source is the caller's, so the copy is over when this returns.
int32_t copy(winnow_machine* machine, void* to, const void* from, int64_t bytes, winnow_machine_error* error) {
  if (bytes == 0) return WINNOW_MACHINE_OK;
  int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  if (code == 0) {
    code = answer(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault, machine->stream), "cudaMemcpyAsync",
                  error);
  }
  return code == 0 ? wait(machine, error) : code;
}

int32_t clear(winnow_machine* machine, void* memory, int64_t bytes, winnow_machine_error* error) {
  if (bytes == 0) return WINNOW_MACHINE_OK;
  const int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  if (code != 0) return code;
  return answer(cudaMemsetAsync(memory, 0, static_cast<size_t>(bytes), machine->stream), "cudaMemsetAsync", error);
}

int32_t launch(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_machine_error* error) {
  const int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  if (code != 0) return code;
  return each_grid(launches, count, "cudaLaunchKernel", error, [&](const cudaKernelNodeParams& grid) {
    return cudaLaunchKernel(grid.func, grid.gridDim, grid.blockDim, grid.kernelParams, 0, machine->stream);
  });
}

// A graph that is a chain of the grids, made node by node. Nothing is captured: drivers before CUDA 12.3 may refuse to load a
// kernel while a stream captures, and kernels are loaded when they are first asked for, which is here.
int32_t record(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_recording** recording,
               winnow_machine_error* error) {
  int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  cudaGraph_t graph = nullptr;
  if (code == 0) code = answer(cudaGraphCreate(&graph, 0), "cudaGraphCreate", error);
  if (code != 0) return code;
  cudaGraphNode_t last = nullptr;
  code = each_grid(launches, count, "cudaGraphAddKernelNode", error, [&](const cudaKernelNodeParams& grid) {
    cudaGraphNode_t node = nullptr;
    const cudaError_t result = cudaGraphAddKernelNode(&node, graph, &last, last == nullptr ? 0 : 1, &grid);
    last = node;
    return result;
  });
  cudaGraphExec_t executable = nullptr;
  if (code == 0) code = answer(cudaGraphInstantiate(&executable, graph, 0), "cudaGraphInstantiate", error);
  cudaGraphDestroy(graph);
  if (code == 0) *recording = new winnow_recording{executable};
  return code;
}

int32_t replay(winnow_machine* machine, winnow_recording* recording, winnow_machine_error* error) {
  const int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  return code == 0 ? answer(cudaGraphLaunch(recording->graph, machine->stream), "cudaGraphLaunch", error) : code;
}

void forget(winnow_machine* machine, winnow_recording* recording) {
  cudaSetDevice(machine->device);
  cudaStreamSynchronize(machine->stream);
  cudaGraphExecDestroy(recording->graph);
  delete recording;
}

int32_t start(winnow_machine* machine, winnow_machine_error* error) {
  const int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  return code == 0 ? answer(cudaEventRecord(machine->begin, machine->stream), "cudaEventRecord", error) : code;
}

int32_t stop(winnow_machine* machine, double* milliseconds, winnow_machine_error* error) {
  int32_t code = answer(cudaSetDevice(machine->device), "cudaSetDevice", error);
  if (code == 0) code = answer(cudaEventRecord(machine->end, machine->stream), "cudaEventRecord", error);
  if (code == 0) code = answer(cudaEventSynchronize(machine->end), "the work before it", error);
  float elapsed = 0;
  if (code == 0) code = answer(cudaEventElapsedTime(&elapsed, machine->begin, machine->end), "cudaEventElapsedTime", error);
  *milliseconds = static_cast<double>(elapsed);
  return code;
}

}  // namespace

extern "C" WINNOW_MACHINE_API const winnow_machine_table* winnow_machine_functions(void) {
  static const winnow_machine_table table = {sizeof(winnow_machine_table),
                                             open_machine,
                                             close_machine,
                                             machine_facts,
                                             allocate,
                                             release,
                                             copy,
                                             copy,
                                             clear,
                                             launch,
                                             record,
                                             replay,
                                             forget,
                                             wait,
                                             start,
                                             stop};
  return &table;
}
