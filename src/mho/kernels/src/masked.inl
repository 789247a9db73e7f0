// Right-hand sides of which only some rows are known: each has a Gram matrix of its own, summed over the rows that are
// there and solved on the spot. The rows of a column are first gathered into a tile, so that the passes over register
// blocks of the Gram matrix read memory in order. Rows are padded to whole vectors, length kp.

namespace {

constexpr index_t tile_rows = 128;

template <class T> constexpr index_t padded(index_t k) { return (k + lanes<T> - 1) / lanes<T> * lanes<T>; }

// M[r0 .., c0 ..] += sum_e left_e[r0 ..] right_e[c0 ..]', one register block.
template <class T>
inline void add_products(const T *left, const T *right, index_t rows, index_t kp, index_t r0, index_t c0, T *M) {
    constexpr index_t L = lanes<T>;
    vec<T> acc[L];
#pragma GCC unroll 16
    for (index_t r = 0; r < L; ++r) acc[r] = load(M + (r0 + r) * kp + c0);
    for (index_t e = 0; e < rows; ++e) {
        const vec<T> v = load(right + e * kp + c0);
        const T *s = left + e * kp + r0;
#pragma GCC unroll 16
        for (index_t r = 0; r < L; ++r) acc[r] += s[r] * v;
    }
#pragma GCC unroll 16
    for (index_t r = 0; r < L; ++r) store(M + (r0 + r) * kp + c0, acc[r]);
}

// The lower blocks of a symmetric matrix from its upper ones.
template <class T> inline void mirror(T *G, index_t kp) {
    constexpr index_t L = lanes<T>;
    for (index_t r = L; r < kp; ++r)
        for (index_t s = 0; s < r / L * L; ++s) G[r * kp + s] = G[s * kp + r];
}

// Memory that a gather will want soon.
template <class T, class I> inline void prefetch(const T *A, index_t kp, const I *idx, const I *end) {
    constexpr index_t ahead = 16;
    if (idx + ahead >= end) return;
    for (index_t l = 0; l < kp; l += 64 / sizeof(T)) __builtin_prefetch(A + index_t(idx[ahead]) * kp + l);
}

// Gather some rows of a padded A (m, kp) into a tile.
template <class T, class I> inline void gather(const T *A, index_t kp, const I *idx, index_t rows, const I *end, T *tile) {
    for (index_t e = 0; e < rows; ++e) {
        prefetch(A, kp, idx + e, end);
        const T *a = A + index_t(idx[e]) * kp;
        for (index_t l = 0; l < kp; l += lanes<T>) store(tile + e * kp + l, load(a + l));
    }
}

inline float root(float v) { return __builtin_sqrtf(v); }
inline double root(double v) { return __builtin_sqrt(v); }

// Gather a column's rows from entry e on, each times the root of its weight, and add b a, times the weight, to c (kp).
template <class T, class V, class I>
inline void gather_sum(const T *A, index_t kp, Columns<V, I> b, index_t e, index_t rows, index_t end, T *tile, T *c) {
    for (index_t r = 0; r < rows; ++r, ++e) {
        prefetch(A, kp, b.idx + e, b.idx + end);
        const T *a = A + index_t(b.idx[e]) * kp;
        const T weight = b.weight ? T(b.weight[e]) : T(1), v = weight * T(b.val[e]), scale = root(weight);
        for (index_t l = 0; l < kp; l += lanes<T>) {
            const vec<T> row = load(a + l);
            store(tile + r * kp + l, scale * row);
            store(c + l, load(c + l) + v * row);
        }
    }
}

// G = sum over the known rows of a a', upper blocks mirrored to the lower; c = sum of b a; each term times its weight.
template <class T, class V, class I>
void own_gram(const T *A, index_t kp, Columns<V, I> b, index_t j, T *G, T *c, T *tile) {
    constexpr index_t L = lanes<T>;
    for (index_t l = 0; l < kp * kp; ++l) G[l] = 0;
    for (index_t l = 0; l < kp; ++l) c[l] = 0;
    const index_t begin = b.ptr[j], end = b.ptr[j + 1];
    for (index_t e = begin; e < end; e += tile_rows) {
        const index_t rows = smaller(end - e, tile_rows);
        gather_sum(A, kp, b, e, rows, end, tile, c);
        for (index_t r = 0; r < kp; r += L)
            for (index_t s = r; s < kp; s += L) add_products(tile, tile, rows, kp, r, s, G);
    }
    mirror(G, kp);
}

// Coordinate descent with the slope Gx - c kept up to date, so that a step is one vector operation per L unknowns.
template <class T> void descend(const T *G, index_t k, index_t kp, const T *inverse, T *slope, T *x, index_t sweeps) {
    constexpr index_t L = lanes<T>;
    for (index_t round = 0; round < sweeps; ++round)
        for (index_t i = 0; i < k; ++i) {
            T next = x[i] - slope[i] * inverse[i];
            next = next > T(0) ? next : T(0);
            const T step = next - x[i];
            x[i] = next;
            for (index_t l = 0; l < kp; l += L) store(slope + l, load(slope + l) + step * load(G + i * kp + l));
        }
}

// The same with the slope in registers.
template <class T, index_t N> void descend_in_registers(const T *G, index_t kp, const T *inverse, T *slope, T *x, index_t sweeps) {
    constexpr index_t L = lanes<T>;
    vec<T> g[N];
    for (index_t n = 0; n < N; ++n) g[n] = load(slope + n * L);
    for (index_t round = 0; round < sweeps; ++round)
#pragma GCC unroll 4
        for (index_t n = 0; n < N; ++n)
#pragma GCC unroll 16
            for (index_t r = 0; r < L; ++r) {
                const index_t i = n * L + r;
                T next = x[i] - g[n][r] * inverse[i];
                next = next > T(0) ? next : T(0);
                const T step = next - x[i];
                x[i] = next;
#pragma GCC unroll 4
                for (index_t l = 0; l < N; ++l) g[l] += step * load(G + i * kp + l * L);
            }
    for (index_t n = 0; n < N; ++n) store(slope + n * L, g[n]);
}

template <class T>
inline void descend_all(const T *G, index_t k, index_t kp, const T *inverse, T *slope, T *x, index_t sweeps) {
    switch (kp / lanes<T>) {
    case 1: descend_in_registers<T, 1>(G, kp, inverse, slope, x, sweeps); break;
    case 2: descend_in_registers<T, 2>(G, kp, inverse, slope, x, sweeps); break;
    case 4: descend_in_registers<T, 4>(G, kp, inverse, slope, x, sweeps); break;
    default: descend(G, k, kp, inverse, slope, x, sweeps);
    }
}

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

template <class T> index_t masked_scratch(index_t k) {
    const index_t kp = padded<T>(k);
    return kp * (tile_rows + kp + 4);
}

// A is padded to (m, kp); the answer is (n, k).
template <class T, class I>
void masked_sweep(const T *A, index_t k, Columns<T, I> b, Ridge<T> ridge, T *answer, index_t sweeps, double *fit, Range range,
                  T *scratch) {
    constexpr index_t L = lanes<T>;
    const index_t kp = padded<T>(k);
    T *tile = scratch, *G = tile + tile_rows * kp, *c = G + kp * kp, *x = c + kp, *slope = x + kp, *inverse = slope + kp;
    for (index_t j = range.begin; j < range.end; ++j) {
        own_gram(A, kp, b, j, G, c, tile);
        const T known = T(known_rows(b, j));
        for (index_t l = 0; l < kp; ++l) {
            x[l] = l < k ? answer[j * k + l] : T(0);
            if (l < k) {
                G[l * kp + l] += ridge.l2[l] + known * ridge.l2_known[l];
                c[l] += ridge.pull[l] + known * ridge.pull_known[l];
            }
            inverse[l] = G[l * kp + l] > T(0) ? T(1) / G[l * kp + l] : T(0);
            if (!(inverse[l] > T(0))) x[l] = 0;
            slope[l] = -c[l];
        }
        for (index_t i = 0; i < k; ++i)
            for (index_t l = 0; l < kp; l += L) store(slope + l, load(slope + l) + x[i] * load(G + i * kp + l));
        descend_all(G, k, kp, inverse, slope, x, sweeps);
        double explained = 0; // 2 c'x - x'Gx = x'(c - slope)
        for (index_t l = 0; l < k; ++l) {
            explained += double(x[l]) * (double(c[l]) - double(slope[l]));
            answer[j * k + l] = x[l];
        }
        fit[j] = explained;
    }
}

} // namespace
