// One loop over right-hand sides, spread over threads that live as long as the call: nothing to fork, nothing that
// spins beside another library's pool, and two Python threads may call at once. Every right-hand side is computed
// alone, so the result does not depend on the number of threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "aligned.hpp"
#include "kernels.hpp"

namespace mho {

// body(Range, scratch) over [0, n) in chunks taken by whichever thread is free.
template <class T, class Body>
void parallel_for(index_t n, index_t chunk, index_t threads, index_t scratch_size, Body body) {
    threads = std::max<index_t>(1, std::min(threads, (n + chunk - 1) / chunk));
    std::atomic<index_t> next{0};
    std::vector<Aligned<T>> scratch; // fails here, not in a thread
    for (index_t t = 0; t < threads; ++t) scratch.emplace_back(scratch_size);
    auto work = [&](index_t t) {
        for (;;) {
            const index_t begin = next.fetch_add(chunk);
            if (begin >= n) return;
            body(Range{begin, std::min(n, begin + chunk)}, scratch[t].data());
        }
    };
    std::vector<std::thread> team;
    team.reserve(threads - 1);
    try {
        for (index_t t = 1; t < threads; ++t) team.emplace_back(work, t);
    } catch (const std::exception &) {
        // The system refuses another thread: those that run, and this one, do the work.
    }
    work(0);
    for (auto &thread : team) thread.join();
}

} // namespace mho
