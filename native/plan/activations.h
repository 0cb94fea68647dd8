// The values of one batch as their readers see them, read back from where a forward pass left them.
#pragma once

#include "plan/program.h"
#include "plan/state.h"

namespace winnow {

// out [c][batch][h][w]; zeros where the program does not run the value.
template <typename T>
void read_value(const Graph& graph, const Layout& layout, const Program& program, const State<T>& state, int64_t value,
                double* out);

}  // namespace winnow
