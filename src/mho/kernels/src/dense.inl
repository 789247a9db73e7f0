// Cross products of a dense matrix X (m, n), rows contiguous, with a thin factor, and the coordinate sweeps that use
// them while they are in cache. Blocks of the result live in registers: as many accumulators as hide the latency of
// multiply-add, a vector of columns each, so that no order k is padded.

namespace {

#if defined(__AVX512F__)
constexpr index_t dot_rows = 4, dot_columns = 6, outer_columns = 12;
#else
constexpr index_t dot_rows = 3, dot_columns = 4, outer_columns = 6;
#endif

// C[j, i] = sum_l X[i, l] H[j, l] for a register block of rows i of X (., n) and j of H (., n); C has row length ldc.
template <class T, index_t I, index_t J> inline void dots(const T *X, index_t n, const T *H, T *C, index_t ldc) {
    constexpr index_t L = lanes<T>;
    vec<T> acc[I][J];
    for (index_t i = 0; i < I; ++i)
        for (index_t j = 0; j < J; ++j) acc[i][j] = vec<T>{};
    index_t l = 0;
    for (; l + L <= n; l += L) {
        vec<T> h[J];
#pragma GCC unroll 8
        for (index_t j = 0; j < J; ++j) h[j] = load(H + j * n + l);
#pragma GCC unroll 8
        for (index_t i = 0; i < I; ++i) {
            const vec<T> x = load(X + i * n + l);
#pragma GCC unroll 8
            for (index_t j = 0; j < J; ++j) acc[i][j] += x * h[j];
        }
    }
    for (index_t i = 0; i < I; ++i)
        for (index_t j = 0; j < J; ++j) {
            T total = sum<T>(acc[i][j]);
            for (index_t rest = l; rest < n; ++rest) total += X[i * n + rest] * H[j * n + rest];
            C[j * ldc + i] = total;
        }
}

template <class T, index_t I> void dots_strip(const T *X, index_t n, const T *H, index_t k, T *C, index_t ldc) {
    constexpr index_t J = dot_columns;
    index_t j = 0;
    for (; j + J <= k; j += J) dots<T, I, J>(X, n, H + j * n, C + j * ldc, ldc);
    for (; j + 2 <= k; j += 2) dots<T, I, 2>(X, n, H + j * n, C + j * ldc, ldc);
    if (j < k) dots<T, I, 1>(X, n, H + j * n, C + j * ldc, ldc);
}

// C (k, rows) = H X' for X (rows, n) and H (k, n).
template <class T> void cross_rows(const T *X, index_t rows, index_t n, const T *H, index_t k, T *C, index_t ldc) {
    index_t i = 0;
    for (; i + dot_rows <= rows; i += dot_rows) dots_strip<T, dot_rows>(X + i * n, n, H, k, C + i, ldc);
    for (; i < rows; ++i) dots_strip<T, 1>(X + i * n, n, H, k, C + i, ldc);
}

// C[j, two vectors of columns] += sum_i W[i, j] X[i, those columns] for J rows j. With every row of X a number that lies
// `ahead` of it is called for, one at a time: a burst of such calls would keep what is needed now waiting.
template <class T, index_t J>
inline void outer(const T *X, index_t n, const T *W, index_t k, index_t rows, T *C, index_t ldc, index_t ahead) {
    constexpr index_t L = lanes<T>;
    vec<T> a[J], b[J];
    for (index_t j = 0; j < J; ++j) a[j] = load(C + j * ldc), b[j] = load(C + j * ldc + L);
    for (index_t i = 0; i < rows; ++i) {
        const vec<T> x = load(X + i * n), y = load(X + i * n + L);
        __builtin_prefetch(X + i * n + ahead);
        const T *w = W + i * k;
#pragma GCC unroll 16
        for (index_t j = 0; j < J; ++j) {
            a[j] += w[j] * x;
            b[j] += w[j] * y;
        }
    }
    for (index_t j = 0; j < J; ++j) store(C + j * ldc, a[j]), store(C + j * ldc + L, b[j]);
}

// C (count, two vectors) += W'X for W (rows, count), whose rows are ldw apart, and X (rows, two vectors). What lies
// `ahead` of X is read soon: both vectors of it are called for in turn.
template <class T>
inline void outer_rows(const T *X, index_t n, const T *W, index_t ldw, index_t count, index_t rows, T *C, index_t ldc,
                       index_t ahead = 0) {
    constexpr index_t J = outer_columns, L = lanes<T>;
    index_t j = 0;
    for (; j + J <= count; j += J) outer<T, J>(X, n, W + j, ldw, rows, C + j * ldc, ldc, ahead + j / J % 2 * L);
    for (; j + 8 <= count; j += 8) outer<T, 8>(X, n, W + j, ldw, rows, C + j * ldc, ldc, ahead);
    for (; j + 4 <= count; j += 4) outer<T, 4>(X, n, W + j, ldw, rows, C + j * ldc, ldc, ahead);
    for (; j < count; ++j) outer<T, 1>(X, n, W + j, ldw, rows, C + j * ldc, ldc, ahead);
}

// C (k, columns) = W X for W (k, m) and X (m, columns) inside rows of length n; a few rows of X at a time, so that they
// are still in cache for the next rows of C. `tile` holds outer_depth * k numbers.
constexpr index_t outer_depth = 32;

template <class T>
void cross_columns(const T *X, index_t m, index_t n, index_t columns, const T *W, index_t k, T *C, index_t ldc, T *tile,
                   Patience &patience) {
    constexpr index_t L = lanes<T>;
    for (index_t j = 0; j < k; ++j)
        for (index_t l = 0; l < columns; ++l) C[j * ldc + l] = 0;
    for (index_t i = 0; i < m; i += outer_depth) {
        const index_t rows = m - i < outer_depth ? m - i : outer_depth;
        if (patience.ends(rows * columns * k)) return;
        for (index_t j = 0; j < k; ++j)
            for (index_t r = 0; r < rows; ++r) tile[r * k + j] = W[j * m + i + r];
        const T *Xi = X + i * n;
        index_t l = 0;
        for (; l + 2 * L <= columns; l += 2 * L) outer_rows(Xi + l, n, tile, k, k, rows, C + l, ldc, i + outer_depth < m ? outer_depth * n : 0);
        for (index_t r = 0; r < rows; ++r)
            for (index_t j = 0; j < k; ++j)
                for (index_t rest = l; rest < columns; ++rest) C[j * ldc + rest] += tile[r * k + j] * Xi[r * n + rest];
    }
}

} // namespace
