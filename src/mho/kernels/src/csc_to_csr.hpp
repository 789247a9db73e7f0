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

// Where the entries of one part of the columns go in each row: the next place, and where the part's places end.
template <class I> struct Places {
    std::vector<I> next, end;

    explicit Places(index_t m) : next(m) {}

    // The place of an entry of row i: checked again, for another thread may have changed the matrix since it was counted.
    I take(I i) {
        if (i < 0 || std::size_t(i) >= next.size() || next[i] >= end[i]) throw std::invalid_argument(changed);
        return next[i]++;
    }
};

// An entry that goes wherever its row lies costs as much as so many multiply-adds of neighbours.
constexpr index_t scattered = 16;

template <class T, class I>
void count_rows(Columns<T, I> b, index_t begin, index_t end, Stop stop, std::vector<I> &count) {
    Patience patience{stop};
    for (index_t j = begin; j < end && !patience.ends(scattered * (b.ptr[j + 1] - b.ptr[j])); ++j)
        for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
            const I i = b.idx[e];
            if (i < 0 || std::size_t(i) >= count.size()) throw std::invalid_argument(outside);
            ++count[i];
        }
}

template <class T, class I>
void put_by_row(Columns<T, I> b, index_t begin, index_t end, Stop stop, Places<I> &places, ByRow<T, I> out) {
    Patience patience{stop};
    for (index_t j = begin; j < end && !patience.ends(scattered * (b.ptr[j + 1] - b.ptr[j])); ++j)
        for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
            const I to = places.take(b.idx[e]);
            out.idx[to] = I(j), out.val[to] = b.val[e];
        }
}

// Turns counts into places, part after part within each row; where each row begins.
template <class I> std::vector<I> deal_out(std::vector<Places<I>> &parts, index_t m) {
    std::vector<I> begins(m + 1);
    I next = 0;
    for (index_t i = 0; i < m; ++i) {
        begins[i] = next;
        for (Places<I> &part : parts) next += std::exchange(part.next[i], next);
    }
    begins[m] = next;
    for (std::size_t part = 0; part + 1 < parts.size(); ++part) parts[part].end = parts[part + 1].next;
    parts.back().end.assign(begins.begin() + 1, begins.end());
    return begins;
}

template <class T, class I>
void csc_to_csr(Columns<T, I> b, index_t entries, index_t n, index_t m, ByRow<T, I> out, index_t threads, Stop stop) {
    const std::vector<I> ptr(b.ptr, b.ptr + n + 1);
    if (ptr.front() != 0 || ptr.back() != entries || !std::is_sorted(ptr.begin(), ptr.end())) throw std::invalid_argument(changed);
    b.ptr = ptr.data();
    const std::vector<index_t> begins = parts_of(b, n, m, threads);
    const index_t count = index_t(begins.size()) - 1;
    std::vector<Places<I>> parts(count, Places<I>(m));
    parallel_for<T>(count, 1, threads, 0, stop, [&](Range part, T *) {
        count_rows(b, begins[part.begin], begins[part.end], part.stop, parts[part.begin].next);
    });
    const std::vector<I> rows = deal_out(parts, m);
    std::copy(rows.begin(), rows.end(), out.ptr);
    parallel_for<T>(count, 1, threads, 0, stop, [&](Range part, T *) {
        put_by_row(b, begins[part.begin], begins[part.end], part.stop, parts[part.begin], out);
    });
}

// Compiled in columns.cpp.
extern template void csc_to_csr(Columns<float, std::int32_t>, index_t, index_t, index_t, ByRow<float, std::int32_t>, index_t, Stop);
extern template void csc_to_csr(Columns<float, std::int64_t>, index_t, index_t, index_t, ByRow<float, std::int64_t>, index_t, Stop);
extern template void csc_to_csr(Columns<double, std::int32_t>, index_t, index_t, index_t, ByRow<double, std::int32_t>, index_t, Stop);
extern template void csc_to_csr(Columns<double, std::int64_t>, index_t, index_t, index_t, ByRow<double, std::int64_t>, index_t, Stop);

} // namespace mho
