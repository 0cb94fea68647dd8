#include "runtime/arenas.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/failure.h"

namespace winnow {
namespace {

constexpr int64_t kHugePage = int64_t{1} << 21;

bool small(int64_t bytes) { return bytes < kHugePage; }

void release(const Arenas::Block& block) {
  small(block.bytes) ? std::free(block.memory) : static_cast<void>(munmap(block.memory, static_cast<size_t>(block.bytes)));
}

void* end(const Arenas::Block& block) { return static_cast<char*>(block.memory) + block.bytes; }

// Zeros from the system, nullptr where it has none. The system hands out addresses downwards: of the room that alignment takes the
// upper end is used, so that the block ends where the one before began and the two become one when they are given back.
void* map(int64_t bytes) {
  const int64_t room = bytes + kHugePage;
  void* const memory = mmap(nullptr, static_cast<size_t>(room), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  char* const begin = static_cast<char*>(memory);
  const auto after = static_cast<int64_t>(reinterpret_cast<uintptr_t>(begin + room) % static_cast<uintptr_t>(kHugePage));
  const int64_t before = kHugePage - after;
  munmap(begin, static_cast<size_t>(before));
  if (after > 0) munmap(begin + before + bytes, static_cast<size_t>(after));
  madvise(begin + before, static_cast<size_t>(bytes), MADV_HUGEPAGE);
  return begin + before;
}

}  // namespace

Arenas::~Arenas() {
  for (const Block& block : kept_) release(block);
}

Arenas::Block Arenas::take(int64_t bytes, Contents contents) {
  const auto refuse = [&] {
    throw Failure(WINNOW_OUT_OF_MEMORY, "asked for " + std::to_string(bytes) + " bytes, the system refused");
  };
  if (small(bytes)) {
    const Block block{std::aligned_alloc(64, static_cast<size_t>((bytes + 63) / 64 * 64 + 64)), bytes};
    if (block.memory == nullptr) refuse();
    if (contents == Contents::kZeros) std::memset(block.memory, 0, static_cast<size_t>(bytes));
    return block;
  }
  if (bytes > INT64_MAX - 2 * kHugePage) refuse();
  Block block{nullptr, (bytes + kHugePage - 1) / kHugePage * kHugePage};
  std::unique_lock<std::mutex> lock(mutex_);
  const auto fits = smallest_of(block.bytes);
  if (fits != kept_.end()) {
    block.memory = fits->memory;
    fits->memory = end(block);
    fits->bytes -= block.bytes;
    if (fits->bytes == 0) kept_.erase(fits);
    kept_bytes_ -= block.bytes;
    use(block.bytes);
    lock.unlock();
    if (contents == Contents::kZeros) std::memset(block.memory, 0, static_cast<size_t>(bytes));
    return block;
  }
  // All that is kept is too small, and goes from the largest: where networks grow it will not be asked for again.
  const int64_t used = used_bytes_ + block.bytes, most = std::max(most_used_bytes_, used);
  while (!kept_.empty() && used + kept_bytes_ > most) drop_largest();
  block.memory = map(block.bytes);
  if (block.memory == nullptr) {
    while (!kept_.empty()) drop_largest();
    block.memory = map(block.bytes);
  }
  if (block.memory == nullptr) refuse();
  use(block.bytes);
  return block;
}

void Arenas::give(Block block) {
  if (block.memory == nullptr) return;
  if (small(block.bytes)) return release(block);
  const std::lock_guard<std::mutex> lock(mutex_);
  used_bytes_ -= block.bytes;
  if (kept_bytes_ + block.bytes > kMostBytes) return release(block);
  kept_bytes_ += block.bytes;
  auto after = std::find_if(kept_.begin(), kept_.end(), [&](const Block& kept) { return kept.memory > block.memory; });
  if (after != kept_.end() && after->memory == end(block)) {
    block.bytes += after->bytes;
    after = kept_.erase(after);
  }
  if (after != kept_.begin() && end(*(after - 1)) == block.memory) {
    (after - 1)->bytes += block.bytes;
  } else {
    kept_.insert(after, block);
  }
}

std::vector<Arenas::Block>::iterator Arenas::smallest_of(int64_t bytes) {
  auto smallest = kept_.end();
  for (auto block = kept_.begin(); block != kept_.end(); ++block) {
    if (block->bytes >= bytes && (smallest == kept_.end() || block->bytes < smallest->bytes)) smallest = block;
  }
  return smallest;
}

void Arenas::use(int64_t bytes) {
  used_bytes_ += bytes;
  most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
}

void Arenas::drop_largest() {
  const auto largest =
      std::max_element(kept_.begin(), kept_.end(), [](const Block& a, const Block& b) { return a.bytes < b.bytes; });
  kept_bytes_ -= largest->bytes;
  release(*largest);
  kept_.erase(largest);
}

int64_t Arenas::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_bytes_;
}

}  // namespace winnow
