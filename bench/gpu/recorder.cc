#include "recorder.h"

#include <map>

namespace winnow::bench {
namespace {

// The table has no place for a caller's own data, so what belongs to it lies here.
const winnow_machine_table* real = nullptr;
bool recording_now = false;
std::vector<Launched> launched;
std::map<const winnow_recording*, std::vector<winnow_launch>> recordings;

void remember(winnow_machine* machine, const winnow_launch* launches, int64_t count) {
  if (!recording_now) return;
  for (int64_t i = 0; i < count; ++i) launched.push_back({machine, launches[i]});
}

int32_t launch(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_machine_error* error) {
  remember(machine, launches, count);
  return real->launch(machine, launches, count, error);
}

int32_t record(winnow_machine* machine, const winnow_launch* launches, int64_t count, winnow_recording** recording,
               winnow_machine_error* error) {
  const int32_t code = real->record(machine, launches, count, recording, error);
  if (code == WINNOW_MACHINE_OK) recordings[*recording].assign(launches, launches + count);
  return code;
}

int32_t replay(winnow_machine* machine, winnow_recording* recording, winnow_machine_error* error) {
  const std::vector<winnow_launch>& launches = recordings.at(recording);
  remember(machine, launches.data(), static_cast<int64_t>(launches.size()));
  return real->replay(machine, recording, error);
}

void forget(winnow_machine* machine, winnow_recording* recording) {
  recordings.erase(recording);
  real->forget(machine, recording);
}

}  // namespace

const winnow_machine_table& recorded(const winnow_machine_table& table) {
  static winnow_machine_table wrapped;
  real = &table;
  wrapped = table;
  wrapped.launch = launch;
  wrapped.record = record;
  wrapped.replay = replay;
  wrapped.forget = forget;
  return wrapped;
}

void start_recording() {
  launched.clear();
  recording_now = true;
}

std::vector<Launched> stop_recording() {
  recording_now = false;
  return std::move(launched);
}

}  // namespace winnow::bench
