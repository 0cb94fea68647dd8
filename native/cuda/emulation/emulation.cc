#include "cuda/emulation/emulation.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <type_traits>
#include <vector>

#include "cuda/kernels/kernels.h"

using namespace winnow::machine;

struct winnow_machine {
  int64_t total, free;
  std::map<void*, int64_t> allocated;
};

struct winnow_recording {
  std::vector<winnow_launch> launches;
};

namespace {

constexpr int64_t kBytes[] = {int64_t{16} << 30, int64_t{1} << 20};

int32_t fail(winnow_machine_error* error, int32_t code, const char* text) {
  std::snprintf(error->text, sizeof error->text, "%s", text);
  return code;
}

int32_t open(int32_t index, winnow_machine** machine, winnow_machine_error* error) {
  if (index < 0 || index > 1) return fail(error, WINNOW_MACHINE_FAILED, "the emulation has devices 0 and 1");
  *machine = new winnow_machine{kBytes[index], kBytes[index], {}};
  return WINNOW_MACHINE_OK;
}

void release(winnow_machine* machine, void* memory) {
  const auto at = machine->allocated.find(memory);
  if (at == machine->allocated.end()) return;
  machine->free += at->second;
  machine->allocated.erase(at);
  std::free(memory);
}

void close(winnow_machine* machine) {
  while (!machine->allocated.empty()) release(machine, machine->allocated.begin()->first);
  delete machine;
}

int32_t facts(winnow_machine* machine, winnow_machine_facts* facts, winnow_machine_error*) {
  *facts = {};
  std::snprintf(facts->name, sizeof facts->name, "emulation on the host");
  facts->processors = 1;
  facts->total_bytes = machine->total;
  facts->free_bytes = machine->free;
  return WINNOW_MACHINE_OK;
}

int32_t allocate(winnow_machine* machine, int64_t bytes, void** memory, winnow_machine_error* error) {
  void* const block = bytes > machine->free ? nullptr : std::calloc(1, static_cast<size_t>(bytes));
  if (block == nullptr) return fail(error, WINNOW_MACHINE_OUT_OF_MEMORY, "out of memory");
  machine->allocated[block] = bytes;
  machine->free -= bytes;
  *memory = block;
  return WINNOW_MACHINE_OK;
}

int32_t copy(winnow_machine*, void* to, const void* from, int64_t bytes, winnow_machine_error*) {
  if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
  return WINNOW_MACHINE_OK;
}

int32_t clear(winnow_machine*, void* memory, int64_t bytes, winnow_machine_error*) {
  if (bytes > 0) std::memset(memory, 0, static_cast<size_t>(bytes));
  return WINNOW_MACHINE_OK;
}

template <typename Kernel>
void run(const winnow_launch& launch) {
  const typename Kernel::Arguments arguments = arguments_of<Kernel>(launch);
  const auto shared = std::make_unique<typename Kernel::Shared>();
  for (int64_t block = 0; block < launch.blocks; ++block) {
    for (int32_t phase = 0; phase < Kernel::kPhases; ++phase) {
      for (int32_t thread = 0; thread < Kernel::kThreads; ++thread) Kernel::run(arguments, block, thread, phase, *shared);
    }
  }
}

int32_t launch(winnow_machine*, const winnow_launch* launches, int64_t count, winnow_machine_error* error) {
  for (int64_t i = 0; i < count; ++i) {
    const winnow_launch& one = launches[i];
    if (!dispatch(one.kernel, [&](auto* kernel) { run<std::remove_pointer_t<decltype(kernel)>>(one); })) {
      return fail(error, WINNOW_MACHINE_FAILED, "no such kernel");
    }
  }
  return WINNOW_MACHINE_OK;
}

int32_t record(winnow_machine*, const winnow_launch* launches, int64_t count, winnow_recording** recording,
               winnow_machine_error*) {
  *recording = new winnow_recording{{launches, launches + count}};
  return WINNOW_MACHINE_OK;
}

int32_t replay(winnow_machine* machine, winnow_recording* recording, winnow_machine_error* error) {
  return launch(machine, recording->launches.data(), static_cast<int64_t>(recording->launches.size()), error);
}

void forget(winnow_machine*, winnow_recording* recording) { delete recording; }

int32_t wait(winnow_machine*, winnow_machine_error*) { return WINNOW_MACHINE_OK; }

int32_t stop(winnow_machine*, double*, winnow_machine_error* error) {
  return fail(error, WINNOW_MACHINE_FAILED, "the emulation has no clock: its time says nothing about a device");
}

}  // namespace

const winnow_machine_table* winnow_machine_functions(void) {
  static const winnow_machine_table table = {sizeof(winnow_machine_table),
                                             open,
                                             close,
                                             facts,
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
                                             wait,
                                             stop};
  return &table;
}
