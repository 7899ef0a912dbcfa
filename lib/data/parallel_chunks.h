#pragma once

#include <cstdint>
#include <functional>

namespace adaptune {

// Runs work(chunk) for every chunk in [0, count) on up to `threads` threads (0: one an available processor).
// When work throws, the exception of the lowest failing chunk is rethrown, so a message never depends on
// timing.
void for_each_chunk(int64_t count, int threads, const std::function<void(int64_t chunk)>& work);

}  // namespace adaptune
