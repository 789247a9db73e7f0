// Coordinate sweeps for right-hand sides with Gram matrices of their own, see row_gram.inl.

namespace {

// Known rows of column j, for the ridge that counts them: a weight of two counts twice.
template <class V, class I> inline double known_rows(Columns<V, I> b, index_t j) {
    if (!b.weight) return double(b.ptr[j + 1] - b.ptr[j]);
    double total = 0;
    for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) total += b.weight[e];
    return total;
}

// G (k, k) = sum of a a' over rows of A, entry l of row i at A[i * row + l * column].
template <class T> void gram(const T *A, index_t row, index_t column, index_t k, Range range, T *G, T *scratch) {
    constexpr index_t L = lanes<T>;
    const index_t kp = padded<T>(k);
    T *tile = scratch, *wide = tile + tile_rows * kp;
    for (index_t l = 0; l < (tile_rows + kp) * kp; ++l) scratch[l] = 0;
    Patience patience{range.stop};
    for (index_t i = range.begin; i < range.end; i += tile_rows) {
        const index_t rows = smaller(range.end - i, tile_rows);
        if (patience.ends(rows * kp * kp / 2)) return;
        for (index_t e = 0; e < rows; ++e)
            for (index_t l = 0; l < k; ++l) tile[e * kp + l] = A[(i + e) * row + l * column];
        for (index_t r = 0; r < kp; r += L)
            for (index_t c = r; c < kp; c += L) add_products(tile, tile, rows, kp, r, c, wide);
    }
    for (index_t i = 0; i < k; ++i)
        for (index_t l = 0; l < k; ++l) G[i * k + l] = i / L <= l / L ? wide[i * kp + l] : wide[l * kp + i];
}

template <class T> index_t gram_scratch(index_t k) { return padded<T>(k) * (tile_rows + padded<T>(k)); }

// Right-hand sides that are swept together, one in each lane.
template <class T> struct Together {
    T *G;                   // packed, (k (k + 1) / 2, L), and behind it what the sums hold besides:
    T *c, *square;          // (k, L), (L)
    T *inverse, *slope, *x; // (k, L)
    T *known;               // (L)
};

template <class T> constexpr index_t together_size(index_t k) { return lanes<T> * (packed(k, k) + 3 * k + 2); }

template <class T> Together<T> together_in(T *scratch, index_t k) {
    constexpr index_t L = lanes<T>;
    T *c = scratch + packed(k, 0) * L, *inverse = c + (k + 1) * L, *known = inverse + 3 * k * L;
    return {scratch, c, c + k * L, inverse, inverse + k * L, inverse + 2 * k * L, known};
}

template <class T> index_t masked_scratch(index_t k, index_t together) {
    return together_size<T>(k) + tile_rows * padded<T>(k + 1) + together * sums_size<T>(k);
}

// Entries (i, l <= i) of all sums, from the places where own_sums leaves them to G, c and square.
template <class T> void spread(const T *sums, const Together<T> &s, index_t k) {
    constexpr index_t L = lanes<T>;
    const index_t row = padded<T>(k + 1), whole = whole_rows<T>(k);
    vec<T> v[L];
    for (index_t l = 0; l < whole; ++l) // above the diagonal: a run of i
        for (index_t i = l / L * L; i < whole; i += L) {
            transposed(sums + l * row + i, sums_size<T>(k), v);
            for (index_t r = 0; r < L; ++r)
                if (i + r >= l) store(s.G + packed(i + r, l) * L, v[r]);
        }
    for (index_t i = whole; i <= k; ++i) // below it: a run of l
        for (index_t l = 0; l <= i; l += L) {
            transposed(sums + i * row + l, sums_size<T>(k), v);
            for (index_t r = 0; r < L && l + r <= i; ++r) store(s.G + packed(i, l + r) * L, v[r]);
        }
}

// The ridge goes on the diagonal and into c; a curvature of zero keeps its unknown at zero.
template <class T> void add_ridge(const Together<T> &s, index_t k, Ridge<T> ridge) {
    constexpr index_t L = lanes<T>;
    const vec<T> zero{}, known = load(s.known);
    for (index_t l = 0; l < k; ++l) {
        T *diagonal = s.G + packed(l, l) * L, *c = s.c + l * L, *x = s.x + l * L;
        const vec<T> curvature = load(diagonal) + ridge.l2[l] + known * ridge.l2_known[l];
        store(diagonal, curvature);
        store(c, load(c) + ridge.pull[l] + known * ridge.pull_known[l]);
        store(s.inverse + l * L, curvature > zero ? T(1) / curvature : zero);
        store(x, curvature > zero ? load(x) : zero);
    }
}

// Right-hand sides of `range`, at most one per lane, from their sums (L, k + 1, k + 1).
template <class T, class I>
void sweep_together(const T *sums, index_t k, Columns<T, I> b, Ridge<T> ridge, T *answer, index_t sweeps, double *fit, Range range,
                    const Together<T> &s) {
    constexpr index_t L = lanes<T>;
    const index_t count = range.end - range.begin; // what is in a lane to spare stays there
    answer += range.begin * k, fit += 2 * range.begin;
    for (index_t lane = 0; lane < count; ++lane) {
        s.known[lane] = T(known_rows(b, range.begin + lane));
        for (index_t l = 0; l < k; ++l) s.x[l * L + lane] = answer[lane * k + l];
    }
    spread(sums, s, k);
    add_ridge(s, k, ridge);
    slope_in_lanes(s.G, k, s.c, s.x, s.slope);
    descend_in_lanes(s.G, k, s.inverse, s.slope, s.x, sweeps);
    for (index_t lane = 0; lane < count; ++lane) {
        double left = s.square[lane]; // b'b - 2 c'x + x'Gx = b'b - x'(c - slope)
        for (index_t l = 0, at = lane; l < k; ++l, at += L) {
            left -= double(s.x[at]) * (double(s.c[at]) - double(s.slope[at]));
            answer[lane * k + l] = s.x[at];
        }
        fit[2 * lane] = s.square[lane], fit[2 * lane + 1] = left;
    }
}

// A is padded to (m, row), its padding as gather_with_values wants it; the answer is (n, k). `fit` (n, 2) receives b'b and
// what the answer leaves of it, with the ridge counted in.
template <class T, class I>
void masked_sweep(const T *A, index_t k, index_t row, Columns<T, I> b, Tiling tiling, Ridge<T> ridge, T *answer, index_t sweeps,
                  double *fit, Range range, T *scratch) {
    constexpr index_t L = lanes<T>;
    const Together<T> s = together_in(scratch, k);
    T *tile = scratch + together_size<T>(k), *sums = tile + tile_rows * padded<T>(k + 1);
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += tiling.together) {
        const index_t end = smaller(range.end, begin + tiling.together);
        if (tiling.rows < tiling.m)
            sums_by_blocks(A, k, row, b, tiling, {begin, end}, sums, tile, patience);
        else
            for (index_t j = begin; j < end; ++j) own_sums(A, k, row, b, j, sums + (j - begin) * sums_size<T>(k), tile, patience);
        if (patience.ends((end - begin) * k * k)) return;
        for (index_t j = begin; j < end; j += L)
            sweep_together(sums + (j - begin) * sums_size<T>(k), k, b, ridge, answer, sweeps, fit, {j, smaller(end, j + L)}, s);
    }
}

} // namespace
