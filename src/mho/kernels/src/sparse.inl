// Kernels over a sparse matrix B given by columns; a row of A (m, k) is contiguous, so each stored entry costs one
// gather of k numbers.

namespace {

// c (k) = sum of b_i a_i over the entries of one column, in N vectors of registers: the last one begins early enough to
// end with the row, and holds again what the one before it holds of those lanes. Entries before `stop` will be wanted soon.
template <class T, class I, index_t N>
inline void cross_vectors(const T *A, index_t k, Columns<T, I> b, index_t j, I stop, T *c) {
    constexpr index_t L = lanes<T>, ahead = 24;
    vec<T> sums[N];
    for (index_t n = 0; n < N; ++n) sums[n] = vec<T>{};
    const I end = b.ptr[j + 1];
    for (I e = b.ptr[j]; e < end; ++e) {
        if (e + ahead < stop) {
            const T *soon = A + index_t(b.idx[e + ahead]) * k;
#pragma GCC unroll 4
            for (index_t l = 0; l < N * L; l += 64 / sizeof(T)) __builtin_prefetch(soon + l);
        }
        const T *a = A + index_t(b.idx[e]) * k;
        const T v = b.val[e];
        for (index_t n = 0; n < N - 1; ++n) sums[n] += v * load(a + n * L);
        sums[N - 1] += v * load(a + k - L);
    }
    for (index_t n = 0; n < N - 1; ++n) store(c + n * L, sums[n]);
    store(c + k - L, sums[N - 1]);
}

template <class T, class I> inline void cross_one(const T *A, index_t k, Columns<T, I> b, index_t j, I stop, T *c) {
    constexpr index_t L = lanes<T>;
    switch (k < L ? 0 : (k + L - 1) / L) {
    case 1: return cross_vectors<T, I, 1>(A, k, b, j, stop, c);
    case 2: return cross_vectors<T, I, 2>(A, k, b, j, stop, c);
    case 3: return cross_vectors<T, I, 3>(A, k, b, j, stop, c);
    case 4: return cross_vectors<T, I, 4>(A, k, b, j, stop, c);
    }
    for (index_t l = 0; l < k; ++l) c[l] = 0;
    for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
        const T *a = A + index_t(b.idx[e]) * k;
        const T v = b.val[e];
#pragma omp simd
        for (index_t l = 0; l < k; ++l) c[l] += v * a[l];
    }
}

template <class T, class I> void cross(const T *A, index_t k, Columns<T, I> b, T *out, Range range) {
    Patience patience{range.stop};
    for (index_t j = range.begin; j < range.end && !patience.ends(k * (b.ptr[j + 1] - b.ptr[j])); ++j)
        cross_one(A, k, b, j, b.ptr[range.end], out + j * k);
}

template <class T, class I> void sampled(const T *A, const T *X, index_t k, Columns<T, I> b, T *out, Range range) {
    Patience patience{range.stop};
    for (index_t j = range.begin; j < range.end && !patience.ends(k * (b.ptr[j + 1] - b.ptr[j])); ++j) {
        const T *x = X + j * k;
        for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
            const T *a = A + index_t(b.idx[e]) * k;
            T dot = 0;
#pragma omp simd reduction(+ : dot)
            for (index_t l = 0; l < k; ++l) dot += a[l] * x[l];
            out[e] = dot;
        }
    }
}

} // namespace
