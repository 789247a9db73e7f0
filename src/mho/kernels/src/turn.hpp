// A sparse matrix given by columns, put in order by rows: entries are counted by row, and each goes to its place. A part
// of the columns has counts of its own, so that parts are worked on at once and the order of the columns stays.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "kernels.hpp"
#include "parallel.hpp"

namespace mho {

// Arrays of a matrix by rows, to be written: (m + 1), (entries), (entries).
template <class T, class I> struct ByRow {
    I *ptr, *idx;
    T *val;
};

// Where parts of the columns begin, about equally many entries in each; few enough that counting is the small part.
template <class T, class I> std::vector<index_t> parts_of(Columns<T, I> b, index_t n, index_t m, index_t threads) {
    const index_t entries = b.ptr[n], count = std::clamp<index_t>(entries / (4 * m), 1, threads);
    std::vector<index_t> begins;
    for (index_t part = 0; part <= count; ++part)
        begins.push_back(std::lower_bound(b.ptr, b.ptr + n, I(entries / count * part)) - b.ptr);
    begins.back() = n;
    return begins;
}

template <class T, class I> void turn(Columns<T, I> b, index_t n, index_t m, ByRow<T, I> out, index_t threads) {
    const std::vector<index_t> begins = parts_of(b, n, m, threads);
    const index_t parts = index_t(begins.size()) - 1;
    std::vector<std::vector<I>> places(parts, std::vector<I>(m));
    parallel_for<T>(parts, 1, threads, 0, [&](Range part, T *) {
        std::vector<I> &count = places[part.begin];
        for (index_t e = b.ptr[begins[part.begin]]; e < b.ptr[begins[part.end]]; ++e) ++count[b.idx[e]];
    });
    I next = 0;
    for (index_t i = 0; i < m; ++i) {
        out.ptr[i] = next;
        for (std::vector<I> &place : places) next += std::exchange(place[i], next);
    }
    out.ptr[m] = next;
    parallel_for<T>(parts, 1, threads, 0, [&](Range part, T *) {
        std::vector<I> &place = places[part.begin];
        for (index_t j = begins[part.begin]; j < begins[part.end]; ++j)
            for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
                const I to = place[b.idx[e]]++;
                out.idx[to] = I(j), out.val[to] = b.val[e];
            }
    });
}

} // namespace mho
