// One loop over right-hand sides, spread over threads that live as long as the call: nothing to fork, nothing that
// spins beside another library's pool, and two Python threads may call at once. Every right-hand side is computed
// alone, so the result does not depend on the number of threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "kernels.hpp"

namespace mho {

constexpr index_t most_threads = 1024;

// What a call throws that was called off.
struct CalledOff {};

// The threads of one call: whether they go on, and what the first of them that failed threw.
class Team {
public:
    explicit Team(Stop caller) : caller_(caller) {}

    // As the thread that called asks, which alone may look for signals, and as the others do.
    Stop of_caller() {
        return {[](void *of) { return static_cast<Team *>(of)->caller_stops(); }, this};
    }
    Stop of_helper() {
        return {[](void *of) { return static_cast<Team *>(of)->off_.load(std::memory_order_relaxed); }, this};
    }

    // Within a catch.
    void fail() noexcept {
        if (!failed_.exchange(true)) thrown_ = std::current_exception();
        off_ = true;
    }

    // The caller has nothing left to do; it goes on looking for signals until `helpers` have ended.
    void wait_for(index_t helpers) {
        std::unique_lock<std::mutex> lock(guard_);
        while (!end_.wait_for(lock, std::chrono::milliseconds(20), [&] { return ended_ == helpers; })) {
            lock.unlock();
            caller_stops();
            lock.lock();
        }
    }
    void helper_ended() {
        const std::lock_guard<std::mutex> lock(guard_);
        ++ended_;
        end_.notify_one();
    }

    // Once all threads have ended.
    void finish() const {
        if (failed_) std::rethrow_exception(thrown_);
        if (off_) throw CalledOff();
    }

private:
    bool caller_stops() {
        if (!off_ && caller_()) off_ = true;
        return off_;
    }

    Stop caller_;
    std::atomic<bool> off_{false}, failed_{false};
    std::exception_ptr thrown_;
    std::mutex guard_;
    std::condition_variable end_;
    index_t ended_ = 0;
};

// body(Range, state) over [0, n) in chunks taken by whichever thread is free; each has a state of its own, from make().
// What a thread throws is thrown here.
template <class Make, class Body>
void share_out(index_t n, index_t chunk, index_t threads, Stop stop, Make make, Body body) {
    threads = std::max<index_t>(1, std::min(threads, (n + chunk - 1) / chunk));
    std::atomic<index_t> next{0};
    std::vector<decltype(make())> states; // fails here, not in a thread
    for (index_t t = 0; t < threads; ++t) states.push_back(make());
    Team call(stop);
    auto work = [&](index_t t, Stop own) {
        try {
            while (!own()) {
                const index_t begin = next.fetch_add(chunk);
                if (begin >= n) return;
                body(Range{begin, std::min(n, begin + chunk), own}, states[t]);
            }
        } catch (...) {
            call.fail();
        }
    };
    std::vector<std::thread> team;
    team.reserve(threads - 1);
    try {
        for (index_t t = 1; t < threads; ++t)
            team.emplace_back([&, t] {
                work(t, call.of_helper());
                call.helper_ended();
            });
    } catch (const std::exception &) {
        // The system refuses another thread: those that run, and this one, do the work.
    }
    work(0, call.of_caller());
    call.wait_for(index_t(team.size()));
    for (auto &thread : team) thread.join();
    call.finish();
}

// body(Range, scratch).
template <class T, class Body>
void parallel_for(index_t n, index_t chunk, index_t threads, index_t scratch_size, Stop stop, Body body) {
    share_out(n, chunk, threads, stop, [=] { return Aligned<T>(scratch_size); }, [&](Range range, Aligned<T> &scratch) { body(range, scratch.data()); });
}

constexpr const char *changed = "the sparse matrix was changed while it was read", *outside = "idx must lie inside the matrix";

// Columns of a sparse matrix, copied before they are checked: another thread may write to the matrix meanwhile, and an
// index out of range would read whatever lies there.
template <class T, class I> class Excerpt {
public:
    // Columns `range` of a matrix of m rows and so many entries, at their old places.
    Columns<T, I> of(Columns<T, I> b, Range range, index_t m, index_t entries) {
        ptr_.assign(b.ptr + range.begin, b.ptr + range.end + 1);
        const index_t first = ptr_.front(), last = ptr_.back();
        if (first < 0 || last > entries || !std::is_sorted(ptr_.begin(), ptr_.end())) throw std::invalid_argument(changed);
        if (last - first > size_) idx_.reset(new I[size_ = last - first]);
        if (!copy_inside(b.idx + first, last - first, m)) throw std::invalid_argument(outside);
        b.ptr = ptr_.data() - range.begin;
        b.idx = idx_.get() - first;
        return b;
    }

private:
    // Whether all lie in [0, m): the sign of i or that of m - 1 - i tells of the others.
    bool copy_inside(const I *from, index_t count, index_t m) {
        using Bits = std::make_unsigned_t<I>;
        const Bits last = Bits(std::min<index_t>(m - 1, std::numeric_limits<I>::max()));
        Bits signs = 0;
        I *to = idx_.get();
        for (index_t e = 0; e < count; ++e) {
            const I i = from[e];
            signs |= Bits(i) | (last - Bits(i));
            to[e] = i;
        }
        return I(signs) >= 0;
    }

    std::vector<I> ptr_;
    std::unique_ptr<I[]> idx_;
    index_t size_ = 0;
};

// body(Range, columns, scratch) over the columns of a matrix of m rows, as parallel_for: a copy of those of the range,
// which is in cache when it is wanted.
template <class S, class T, class I, class Body>
void for_columns(Columns<T, I> b, index_t entries, index_t m, index_t n, index_t chunk, index_t threads, index_t scratch_size, Stop stop,
                 Body body) {
    struct State {
        Aligned<S> scratch;
        Excerpt<T, I> excerpt;
    };
    share_out(n, chunk, threads, stop, [=] { return State{Aligned<S>(scratch_size), {}}; }, [&](Range range, State &state) { body(range, state.excerpt.of(b, range, m, entries), state.scratch.data()); });
}

} // namespace mho
