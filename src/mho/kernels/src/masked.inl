// Coordinate sweeps for right-hand sides with Gram matrices of their own, see own_gram.inl.

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
    for (index_t i = range.begin; i < range.end; i += tile_rows) {
        const index_t rows = smaller(range.end - i, tile_rows);
        for (index_t e = 0; e < rows; ++e)
            for (index_t l = 0; l < k; ++l) tile[e * kp + l] = A[(i + e) * row + l * column];
        for (index_t r = 0; r < kp; r += L)
            for (index_t c = r; c < kp; c += L) add_products(tile, tile, rows, kp, r, c, wide);
    }
    for (index_t i = 0; i < k; ++i)
        for (index_t l = 0; l < k; ++l) G[i * k + l] = i / L <= l / L ? wide[i * kp + l] : wide[l * kp + i];
}

template <class T> index_t gram_scratch(index_t k) { return padded<T>(k) * (tile_rows + padded<T>(k)); }

// Right-hand sides that are swept together, one in each lane; the fields are (k, k, L) and (k, L).
template <class T> struct Together {
    T *G, *c, *inverse, *slope, *x, *sums;
};

template <class T> constexpr index_t together_size(index_t k) { return lanes<T> * k * (k + 4); }

template <class T> Together<T> together_in(T *scratch, index_t k) {
    const index_t size = lanes<T> * k;
    T *c = scratch + size * k;
    return {scratch, c, c + size, c + 2 * size, c + 3 * size, c + 4 * size};
}

template <class T> index_t masked_scratch(index_t k) { return together_size<T>(k) + own_gram_scratch<T>(k); }

// Put a right-hand side with its ridge and its start into a lane; the sum of its squares is returned.
template <class T, class I>
T put(const T *A, index_t k, index_t row, Columns<T, I> b, index_t j, Ridge<T> ridge, const T *start, Together<T> s, index_t lane) {
    constexpr index_t L = lanes<T>;
    const T square = own_gram(A, k, row, b, j, s.G + lane, {k * L, L}, s.c + lane, s.sums), known = T(known_rows(b, j));
    for (index_t l = 0, at = lane; l < k; ++l, at += L) {
        T &curvature = s.G[l * k * L + at];
        curvature += ridge.l2[l] + known * ridge.l2_known[l];
        s.c[at] += ridge.pull[l] + known * ridge.pull_known[l];
        s.inverse[at] = curvature > T(0) ? T(1) / curvature : T(0);
        s.x[at] = s.inverse[at] > T(0) ? start[l] : T(0);
    }
    return square;
}

// A is padded to (m, row), its padding as own_gram wants it; the answer is (n, k). `fit` (n, 2) receives b'b and what the
// answer leaves of it, with the ridge counted in.
template <class T, class I>
void masked_sweep(const T *A, index_t k, index_t row, Columns<T, I> b, Ridge<T> ridge, T *answer, index_t sweeps, double *fit,
                  Range range, T *scratch) {
    constexpr index_t L = lanes<T>;
    const Together<T> s = together_in(scratch, k);
    for (index_t j = range.begin; j < range.end; j += L) {
        const index_t count = smaller(range.end - j, L);
        if (count < L)
            for (index_t l = 0; l < together_size<T>(k); ++l) scratch[l] = 0; // what is in a lane to spare
        for (index_t lane = 0; lane < count; ++lane)
            fit[2 * (j + lane)] = put(A, k, row, b, j + lane, ridge, answer + (j + lane) * k, s, lane);
        slope_in_lanes(s.G, k, s.c, s.x, s.slope);
        descend_in_lanes(s.G, k, s.inverse, s.slope, s.x, sweeps);
        for (index_t lane = 0; lane < count; ++lane) {
            double left = fit[2 * (j + lane)]; // b'b - 2 c'x + x'Gx = b'b - x'(c - slope)
            for (index_t l = 0, at = lane; l < k; ++l, at += L) {
                left -= double(s.x[at]) * (double(s.c[at]) - double(s.slope[at]));
                answer[(j + lane) * k + l] = s.x[at];
            }
            fit[2 * (j + lane) + 1] = left;
        }
    }
}

} // namespace
