// A right-hand side of which only some rows are known has a Gram matrix of its own, summed over the rows that are there.
// The rows of a column are first gathered into a tile, so that the passes over register blocks of the Gram matrix read
// memory in order. Rows are padded to whole vectors, length kp.

namespace {

constexpr index_t tile_rows = 128;

template <class T> constexpr index_t padded(index_t k) { return (k + lanes<T> - 1) / lanes<T> * lanes<T>; }

// M[r0 .., c0 ..] += sum_e left_e[r0 ..] right_e[c0 ..]', one register block of R rows. Few rows are summed in several
// chains, or every addition would wait for the one before; the sums are added to M in the end, so that many small terms
// do not vanish beside a large one.
template <class T, index_t R = lanes<T>>
inline void add_products(const T *left, const T *right, index_t rows, index_t kp, index_t r0, index_t c0, T *M) {
    constexpr index_t chains = R >= 8 ? 1 : R >= 4 ? 2
                                                   : 4;
    vec<T> acc[chains][R] = {};
    const auto add = [&](vec<T> *sums, index_t e) {
        const vec<T> v = load(right + e * kp + c0);
        const T *s = left + e * kp + r0;
#pragma GCC unroll 16
        for (index_t r = 0; r < R; ++r) sums[r] += s[r] * v;
    };
    index_t e = 0;
    for (; e + chains <= rows; e += chains)
#pragma GCC unroll 4
        for (index_t chain = 0; chain < chains; ++chain) add(acc[chain], e + chain);
    for (; e < rows; ++e) add(acc[0], e);
#pragma GCC unroll 16
    for (index_t r = 0; r < R; ++r) {
#pragma GCC unroll 4
        for (index_t chain = 1; chain < chains; ++chain) acc[0][r] += acc[chain][r];
        T *sum = M + (r0 + r) * kp + c0;
        store(sum, load(sum) + acc[0][r]);
    }
}

// The lower blocks of a symmetric matrix from its upper ones.
template <class T> inline void mirror(T *G, index_t kp) {
    constexpr index_t L = lanes<T>;
    for (index_t r = L; r < kp; ++r)
        for (index_t s = 0; s < r / L * L; ++s) G[r * kp + s] = G[s * kp + r];
}

// Memory that a gather will want soon.
template <class T, class I> inline void prefetch(const T *A, index_t kp, const I *idx, const I *end) {
    constexpr index_t ahead = 40;
    if (idx + ahead >= end) return;
    for (index_t l = 0; l < kp; l += 64 / sizeof(T)) __builtin_prefetch(A + index_t(idx[ahead]) * kp + l);
}

// N vectors are a row of A, or any number where N is 0.
template <index_t N, class T, class I> inline void gather_rows(const T *A, index_t kp, const I *idx, index_t rows, const I *end, T *tile) {
    for (index_t e = 0; e < rows; ++e, tile += kp) {
        prefetch(A, kp, idx + e, end);
        const T *a = A + index_t(idx[e]) * kp;
#pragma GCC unroll 4
        for (index_t l = 0; l < (N ? N * lanes<T> : kp); l += lanes<T>) store(tile + l, load(a + l));
    }
}

// Gather some rows of a padded A (m, kp) into a tile. Not inlined: a call for a tile costs nothing, a copy for each loss bytes.
template <class T, class I> __attribute__((noinline)) void gather(const T *A, index_t kp, const I *idx, index_t rows, const I *end, T *tile) {
    switch (kp / lanes<T>) {
    case 2:
        return gather_rows<2>(A, kp, idx, rows, end, tile);
    case 4:
        return gather_rows<4>(A, kp, idx, rows, end, tile);
    default:
        gather_rows<0>(A, kp, idx, rows, end, tile);
    }
}

inline float root(float v) { return __builtin_sqrtf(v); }
inline double root(double v) { return __builtin_sqrt(v); }

// One symmetric matrix holds all that a column's normal equations need: a row of A is followed by its value b, and the
// sum of the outer products of such rows is [A'A, A'b; b'A, b'b]. What is left over of a row after its whole vectors
// costs as many vectors as it has numbers, and not a whole register block.

// Gather a column's rows from entry e on, each with its value less the row's shift. A's padding, where there is any,
// begins with minus the shift; where there is none, a vector of its own follows with the value. N vectors are a row of A.
template <class T, class V, class I, index_t N>
inline void gather_values(const T *A, index_t k, index_t kp, Columns<V, I> b, index_t e, index_t rows, index_t end, T *t) {
    constexpr index_t L = lanes<T>;
    const index_t row = padded<T>(k + 1);
    for (index_t r = 0; r < rows; ++r, ++e, t += row) {
        prefetch(A, kp, b.idx + e, b.idx + end);
        const T *a = A + index_t(b.idx[e]) * kp;
#pragma GCC unroll 4
        for (index_t l = 0; l < (N ? N * L : kp); l += L) store(t + l, load(a + l));
        if (row > kp)
            store(t + kp, vec<T>{T(b.val[e])});
        else
            t[k] = T(b.val[e]) + a[k];
    }
}

// The same, each times the root of its weight if there are weights.
template <class T, class V, class I>
inline void gather_with_values(const T *A, index_t k, index_t kp, Columns<V, I> b, index_t e, index_t rows, index_t end, T *tile) {
    switch (kp / lanes<T>) {
    case 1:
        gather_values<T, V, I, 1>(A, k, kp, b, e, rows, end, tile);
        break;
    case 2:
        gather_values<T, V, I, 2>(A, k, kp, b, e, rows, end, tile);
        break;
    case 3:
        gather_values<T, V, I, 3>(A, k, kp, b, e, rows, end, tile);
        break;
    default:
        gather_values<T, V, I, 0>(A, k, kp, b, e, rows, end, tile);
    }
    const index_t row = padded<T>(k + 1);
    for (index_t r = 0; b.weight && r < rows; ++r) {
        const T scale = root(T(b.weight[e + r]));
        for (index_t l = 0; l < row; l += lanes<T>) store(tile + r * row + l, scale * load(tile + r * row + l));
    }
}

// The rows of S from r0 on that are no whole block: `count` of them.
template <class T> inline void add_last_rows(const T *tile, index_t rows, index_t row, index_t r0, index_t count, index_t c0, T *S) {
    if (count <= 1)
        add_products<T, 1>(tile, tile, rows, row, r0, c0, S);
    else if (count <= 2)
        add_products<T, 2>(tile, tile, rows, row, r0, c0, S);
    else if (count <= 4)
        add_products<T, 4>(tile, tile, rows, row, r0, c0, S);
    else if constexpr (lanes<T> > 4) {
        if (count <= 8)
            add_products<T, 8>(tile, tile, rows, row, r0, c0, S);
        else
            add_products(tile, tile, rows, row, r0, c0, S);
    }
}

// Rows of the sums that fill whole register blocks.
template <class T> constexpr index_t whole_rows(index_t k) { return (k + 1) / lanes<T> * lanes<T>; }

template <class T> constexpr index_t sums_size(index_t k) { return padded<T>(k + 1) * padded<T>(k + 1); }

// How many of the ascending numbers come before `bound`, which the last one does not.
template <class I> inline index_t first_from(const I *numbers, index_t count, index_t bound) {
    index_t low = 0, high = count - 1;
    while (low < high) {
        const index_t middle = (low + high) / 2;
        if (numbers[middle] < bound)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

constexpr index_t no_bound = INT64_MAX;

// Add entries of a column, from `begin` on and before `end`, to S (k + 1, k + 1), padded: whole blocks above the diagonal,
// the rows that are left over below it. Return where the first entry is that lies in row `bound` or beyond.
template <class T, class V, class I>
index_t add_sums(const T *A, index_t k, index_t kp, Columns<V, I> b, index_t begin, index_t end, index_t bound, T *S, T *tile,
                 Patience &patience) {
    constexpr index_t L = lanes<T>;
    const index_t row = padded<T>(k + 1), whole = whole_rows<T>(k);
    for (index_t e = begin; e < end; e += tile_rows) {
        index_t rows = smaller(end - e, tile_rows);
        if (patience.ends(rows * row * row / 2)) return end;
        if (b.idx[e + rows - 1] >= bound) {
            rows = first_from(b.idx + e, rows, bound);
            end = e + rows;
        }
        gather_with_values(A, k, kp, b, e, rows, end, tile);
        for (index_t r = 0; r < whole; r += L)
            for (index_t s = r; s < whole; s += L) add_products(tile, tile, rows, row, r, s, S);
        for (index_t s = 0; whole <= k && s < row; s += L) add_last_rows(tile, rows, row, whole, k + 1 - whole, s, S);
    }
    return end;
}

template <class T, class V, class I>
void own_sums(const T *A, index_t k, index_t kp, Columns<V, I> b, index_t j, T *S, T *tile, Patience &patience) {
    for (index_t l = 0; l < sums_size<T>(k); ++l) S[l] = 0;
    add_sums(A, k, kp, b, b.ptr[j], b.ptr[j + 1], no_bound, S, tile, patience);
}

// Asks for a stretch of memory, so that it is near when it is read; Level 3 for the nearest cache, 2 for the next.
template <int Level, class T> inline void prefetch_stretch(const T *from, const T *to) {
    for (; from < to; from += 64 / sizeof(T)) __builtin_prefetch(from, 0, Level);
}

// Sums of the columns of `range`, side by side. A row of A lies far if A is large: so a block of rows is read for all
// these columns before the next one, which is fetched meanwhile, a share of it with each column. A column that knows few
// rows of a block is summed at once.
template <class T, class I>
void sums_by_blocks(const T *A, index_t k, index_t kp, Columns<T, I> b, Tiling tiling, Range range, T *sums, T *tile,
                    Patience &patience) {
    constexpr index_t few = 32, begun = 128;
    const index_t columns = range.end - range.begin, share = (tiling.rows + columns - 1) / columns;
    index_t next[most_together + 1];
    for (index_t c = 0; c <= columns; ++c) next[c] = b.ptr[range.begin + c];
    for (index_t l = 0; l < columns * sums_size<T>(k); ++l) sums[l] = 0;
    for (index_t bound = tiling.rows; bound < tiling.m + tiling.rows; bound += tiling.rows) {
        index_t soon = bound < tiling.m ? bound : 0; // the first block again, for the columns that come next
        for (index_t c = 0; c < columns; ++c, soon += share) {
            prefetch_stretch<3>(b.idx + next[c + 1], b.idx + next[c + 1] + begun);
            prefetch_stretch<3>(b.val + next[c + 1], b.val + next[c + 1] + begun);
            prefetch_stretch<2>(A + soon * kp, A + smaller(soon + share, tiling.m) * kp);
            const index_t begin = b.ptr[range.begin + c], end = b.ptr[range.begin + c + 1];
            const bool rest = bound >= tiling.m || (end - begin) * tiling.rows < few * tiling.m;
            next[c] = add_sums(A, k, kp, b, next[c], end, rest ? no_bound : bound, sums + c * sums_size<T>(k), tile, patience);
        }
    }
}

// Entry (i, l), l <= i, of the symmetric sums.
template <class T> inline T own_sum(const T *S, index_t k, index_t i, index_t l) {
    constexpr index_t L = lanes<T>;
    const index_t row = padded<T>(k + 1);
    return i >= whole_rows<T>(k) || i / L == l / L ? S[i * row + l] : S[l * row + i];
}

// G (k, k) = sum over the known rows of a a'; c (k) = sum of b a.
template <class T, class V, class I>
void row_gram(const T *A, index_t k, index_t kp, Columns<V, I> b, index_t j, T *G, T *c, T *scratch, Patience &patience) {
    T *S = scratch, *tile = S + sums_size<T>(k);
    own_sums(A, k, kp, b, j, S, tile, patience);
    for (index_t i = 0; i < k; ++i)
        for (index_t l = 0; l <= i; ++l) G[i * k + l] = G[l * k + i] = own_sum(S, k, i, l);
    for (index_t l = 0; l < k; ++l) c[l] = own_sum(S, k, k, l);
}

template <class T> constexpr index_t row_gram_scratch(index_t k) { return sums_size<T>(k) + tile_rows * padded<T>(k + 1); }

} // namespace
