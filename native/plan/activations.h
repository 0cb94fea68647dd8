// The values of one batch as their readers see them, read back from where a forward pass has just left them.
#pragma once

#include "plan/state.h"

namespace winnow {

// out [c][batch][h][w], of a value that the pass made and whose memory it has not handed on.
template <typename T>
void read_value(const Graph& graph, const Layout& layout, const State<T>& state, int64_t value, double* out);

}  // namespace winnow
