// One loop over right-hand sides, spread over threads that live as long as the call: nothing to fork, nothing that
// spins beside another library's pool, and two Python threads may call at once. Every right-hand side is computed
// alone, so the result does not depend on the number of threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "kernels.hpp"

namespace mho {

// Zeros that begin where a cache line does: a vector that straddles two costs twice.
template <class T> class Aligned {
  public:
    explicit Aligned(std::size_t size) : owner_(size + line / sizeof(T), T(0)) {}
    T *data() {
        const auto address = reinterpret_cast<std::uintptr_t>(owner_.data());
        return owner_.data() + (line - address % line) % line / sizeof(T);
    }

  private:
    static constexpr std::size_t line = 64;
    std::vector<T> owner_;
};

// body(Range, scratch) over [0, n) in chunks taken by whichever thread is free.
template <class T, class Body>
void parallel_for(index_t n, index_t chunk, index_t threads, index_t scratch_size, Body body) {
    threads = std::max<index_t>(1, std::min(threads, (n + chunk - 1) / chunk));
    std::atomic<index_t> next{0};
    std::vector<Aligned<T>> scratch(threads, Aligned<T>(scratch_size)); // fails here, not in a thread
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
