#include "runtime/kept_draws.h"

#include <utility>

namespace winnow {
namespace {

int64_t bytes_of(const KeptDraws::Values& values) { return static_cast<int64_t>(values->size() * sizeof(float)); }

}  // namespace

KeptDraws::Values KeptDraws::find(const Name& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto recent = recent_.values.find(name);
  if (recent != recent_.values.end()) return recent->second;
  const auto old = old_.values.find(name);
  if (old == old_.values.end()) return nullptr;
  const Values values = std::move(old->second);
  old_.values.erase(old);
  old_.bytes -= bytes_of(values);
  add(name, values);
  return values;
}

void KeptDraws::keep(const Name& name, const Values& values) {
  const std::lock_guard<std::mutex> lock(mutex_);
  add(name, values);
}

void KeptDraws::add(const Name& name, const Values& values) {
  constexpr int64_t most = kMostBytes / 2;
  if (bytes_of(values) > most) return;
  if (recent_.bytes + bytes_of(values) > most) old_ = std::exchange(recent_, {});
  if (recent_.values.emplace(name, values).second) recent_.bytes += bytes_of(values);
}

int64_t KeptDraws::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return recent_.bytes + old_.bytes;
}

}  // namespace winnow
