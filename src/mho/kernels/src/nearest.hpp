// Columns of a sparse matrix X and the columns nearest to them by cosine: which these are, and the Gram matrices among
// them. X'X itself, which may have more entries than memory holds, is made row by row and forgotten.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels.hpp"
#include "parallel.hpp"

namespace mho {

// A matrix (m, n) by columns and by rows.
template <class I> struct BothOrders {
    Columns<float, I> by_column, by_row;
    index_t m, n;
};

// One row of X'X, dense, zeros but where a block of columns is marked.
template <class I> class GramRow {
public:
    explicit GramRow(index_t n) : sums_(n), marks_((n + block - 1) / block) {}

    // Multiply-adds that it took.
    index_t compute(const BothOrders<I> &X, index_t column) {
        clear();
        index_t work = 0;
        for (I e = X.by_column.ptr[column]; e < X.by_column.ptr[column + 1]; ++e) {
            const I row = X.by_column.idx[e];
            const float value = X.by_column.val[e];
            const I begin = X.by_row.ptr[row], end = X.by_row.ptr[row + 1];
            for (I f = begin; f < end; ++f) {
                const I i = X.by_row.idx[f];
                sums_[i] += value * X.by_row.val[f];
                marks_[std::size_t(i) / block] = 1;
            }
            work += end - begin;
        }
        return work + index_t(marks_.size());
    }

    const float *sums() const { return sums_.data(); }

    // body(i, sum) for all columns of marked blocks, ascending.
    template <class Body> void each(Body body) const {
        const index_t n = index_t(sums_.size());
        for (index_t b = 0; b < index_t(marks_.size()); ++b)
            if (marks_[b])
                for (index_t i = b * block; i < std::min(n, (b + 1) * block); ++i) body(i, sums_[i]);
    }

private:
    static constexpr index_t block = 64;

    void clear() {
        const index_t n = index_t(sums_.size());
        for (index_t b = 0; b < index_t(marks_.size()); ++b)
            if (marks_[b]) {
                std::fill(sums_.begin() + b * block, sums_.begin() + std::min(n, (b + 1) * block), 0.0f);
                marks_[b] = 0;
            }
    }

    std::vector<float> sums_;
    std::vector<std::uint8_t> marks_;
};

// A column with its cosine, times the length of the other column, and its product with that.
struct Near {
    float cosine, product;
    std::int32_t column;
};

inline bool nearer(const Near &a, const Near &b) {
    return a.cosine > b.cosine || (a.cosine == b.cosine && a.column < b.column);
}

// The `cap` nearest of those that are offered.
class Nearest {
public:
    explicit Nearest(index_t cap) : cap_(cap) { found_.reserve(2 * cap); }

    void offer(const Near &one) {
        if (full_ && !nearer(one, worst_)) return;
        found_.push_back(one);
        if (index_t(found_.size()) == 2 * cap_) cut();
    }

    // Ascending by column, then emptied.
    template <class Body> void take(Body body) {
        if (index_t(found_.size()) > cap_) cut();
        std::sort(found_.begin(), found_.end(), [](const Near &a, const Near &b) { return a.column < b.column; });
        for (std::size_t p = 0; p < found_.size(); ++p) body(index_t(p), found_[p]);
        found_.clear();
        full_ = false;
    }

private:
    void cut() {
        std::nth_element(found_.begin(), found_.begin() + (cap_ - 1), found_.end(), nearer);
        found_.resize(cap_);
        worst_ = found_.back();
        full_ = true;
    }

    index_t cap_;
    std::vector<Near> found_;
    Near worst_{};
    bool full_ = false;
};

// Places (t, cap) of the nearest columns of each target, -1 for none, and products with them.
struct Lists {
    std::int32_t *column;
    float *product;
    index_t cap;
};

// Those alone whose product with the target is positive; inverse (n,) is 1 / |x| for each column, 0 for an empty one.
template <class I>
void nearest_columns(const BothOrders<I> &X, const float *inverse, const std::int32_t *targets, Lists out, Range range, GramRow<I> &row,
                     Nearest &nearest) {
    Patience patience{range.stop};
    for (index_t t = range.begin; t < range.end; ++t) {
        const index_t own = targets[t];
        if (patience.ends(row.compute(X, own))) return;
        row.each([&](index_t i, float sum) {
            if (sum > 0 && i != own) nearest.offer({sum * inverse[i], sum, std::int32_t(i)});
        });
        nearest.take([&](index_t p, const Near &one) {
            out.column[t * out.cap + p] = one.column;
            out.product[t * out.cap + p] = one.product;
        });
    }
}

// Which row of X'X goes where: that of column rows[r] to the places slot[ptr[r] .. ptr[r + 1]) = t * cap + p of G (t, cap, cap),
// cut down to the nearest columns of target t.
struct Scatter {
    const std::int32_t *rows;
    const std::int64_t *ptr;
    const std::int64_t *slot;
};

template <class I>
void gram_of_nearest(const BothOrders<I> &X, Scatter to, Lists lists, float *G, Range range, GramRow<I> &row) {
    Patience patience{range.stop};
    for (index_t r = range.begin; r < range.end; ++r) {
        if (patience.ends(row.compute(X, to.rows[r]))) return;
        const float *sums = row.sums();
        for (std::int64_t s = to.ptr[r]; s < to.ptr[r + 1]; ++s) {
            const std::int32_t *near = lists.column + to.slot[s] / lists.cap * lists.cap;
            float *out = G + to.slot[s] * lists.cap;
            for (index_t q = 0; q < lists.cap; ++q) out[q] = near[q] < 0 ? 0.0f : sums[near[q]];
        }
        if (patience.ends((to.ptr[r + 1] - to.ptr[r]) * lists.cap)) return;
    }
}

// Places of columns in a target's list, -1 elsewhere, and a row of X as it is among them.
struct Local {
    explicit Local(index_t n) : place(n, -1) {}
    std::vector<std::int32_t> place;
    std::vector<std::pair<std::int32_t, float>> entries;
};

// G and products over those rows alone in which the target is stored.
template <class I>
void gram_of_own_rows(const BothOrders<I> &X, const std::int32_t *targets, Lists lists, float *G, Range range, Local &local) {
    Patience patience{range.stop};
    for (index_t t = range.begin; t < range.end; ++t) {
        const std::int32_t *near = lists.column + t * lists.cap;
        float *own = G + t * lists.cap * lists.cap, *product = lists.product + t * lists.cap;
        std::fill_n(own, lists.cap * lists.cap, 0.0f);
        std::fill_n(product, lists.cap, 0.0f);
        for (index_t p = 0; p < lists.cap; ++p)
            if (near[p] >= 0) local.place[near[p]] = std::int32_t(p);
        for (I e = X.by_column.ptr[targets[t]]; e < X.by_column.ptr[targets[t] + 1]; ++e) {
            const I row = X.by_column.idx[e];
            local.entries.clear();
            for (I f = X.by_row.ptr[row]; f < X.by_row.ptr[row + 1]; ++f)
                if (const std::int32_t p = local.place[X.by_row.idx[f]]; p >= 0) local.entries.push_back({p, X.by_row.val[f]});
            for (const auto &[p, value] : local.entries) {
                product[p] += value * X.by_column.val[e];
                for (const auto &[q, other] : local.entries) own[p * lists.cap + q] += value * other;
            }
            const index_t count = index_t(local.entries.size());
            if (patience.ends(X.by_row.ptr[row + 1] - X.by_row.ptr[row] + count * count)) break;
        }
        for (index_t p = 0; p < lists.cap; ++p)
            if (near[p] >= 0) local.place[near[p]] = -1;
        if (patience.over) return;
    }
}

// Compiled in columns.cpp.
extern template void nearest_columns(const BothOrders<std::int32_t> &, const float *, const std::int32_t *, Lists, Range, GramRow<std::int32_t> &, Nearest &);
extern template void gram_of_nearest(const BothOrders<std::int32_t> &, Scatter, Lists, float *, Range, GramRow<std::int32_t> &);
extern template void gram_of_own_rows(const BothOrders<std::int32_t> &, const std::int32_t *, Lists, float *, Range, Local &);
extern template void nearest_columns(const BothOrders<std::int64_t> &, const float *, const std::int32_t *, Lists, Range, GramRow<std::int64_t> &, Nearest &);
extern template void gram_of_nearest(const BothOrders<std::int64_t> &, Scatter, Lists, float *, Range, GramRow<std::int64_t> &);
extern template void gram_of_own_rows(const BothOrders<std::int64_t> &, const std::int32_t *, Lists, float *, Range, Local &);

} // namespace mho
