#include "runtime/arenas.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "abi/failure.h"

namespace winnow {
namespace {

constexpr int64_t kHugePage = int64_t{1} << 21;

bool small(int64_t bytes) { return bytes < kHugePage; }

void release(const Arenas::Block& block) {
  small(block.bytes) ? std::free(block.memory) : static_cast<void>(munmap(block.memory, static_cast<size_t>(block.bytes)));
}

// Zeros from the system, nullptr where it has none.
void* map(int64_t bytes) {
  const int64_t room = bytes + kHugePage;
  void* const memory = mmap(nullptr, static_cast<size_t>(room), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  char* const begin = static_cast<char*>(memory);
  const auto before = static_cast<int64_t>(-reinterpret_cast<uintptr_t>(begin) % static_cast<uintptr_t>(kHugePage));
  if (before > 0) munmap(begin, static_cast<size_t>(before));
  munmap(begin + before + bytes, static_cast<size_t>(kHugePage - before));
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
  std::unique_lock<std::mutex> lock(mutex_);
  const auto fits = first_of(bytes);
  if (fits != kept_.end() && fits->bytes / kMostTimes <= bytes) {
    const Block block = *fits;
    kept_.erase(fits);
    kept_bytes_ -= block.bytes;
    use(block.bytes);
    lock.unlock();
    if (contents == Contents::kZeros) std::memset(block.memory, 0, static_cast<size_t>(bytes));
    return block;
  }
  Block block{nullptr, (bytes + kHugePage - 1) / kHugePage * kHugePage};
  const int64_t used = used_bytes_ + block.bytes, most = std::max(most_used_bytes_, used);
  // What is too small goes first, from the largest: where networks grow it will not be asked for again.
  while (!kept_.empty() && used + kept_bytes_ > most + most / 4) {
    const auto larger = first_of(bytes);
    drop(larger == kept_.begin() ? larger : larger - 1);
  }
  block.memory = map(block.bytes);
  if (block.memory == nullptr) {
    while (!kept_.empty()) drop(kept_.begin());
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
  kept_.insert(first_of(block.bytes), block);
  kept_bytes_ += block.bytes;
}

std::vector<Arenas::Block>::iterator Arenas::first_of(int64_t bytes) {
  return std::find_if(kept_.begin(), kept_.end(), [&](const Block& block) { return block.bytes >= bytes; });
}

void Arenas::use(int64_t bytes) {
  used_bytes_ += bytes;
  most_used_bytes_ = std::max(most_used_bytes_, used_bytes_);
}

void Arenas::drop(std::vector<Block>::iterator block) {
  kept_bytes_ -= block->bytes;
  release(*block);
  kept_.erase(block);
}

int64_t Arenas::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_bytes_;
}

}  // namespace winnow
