// Kernels over a sparse matrix B given by columns; a row of A (m, k) is contiguous, so each stored entry costs one
// gather of k numbers.

namespace {

// W numbers, as many as a vector or fewer.
template <class T, index_t W> struct Narrow {
    typedef T type __attribute__((vector_size(W * sizeof(T))));
    typedef T anywhere __attribute__((vector_size(W * sizeof(T)), aligned(sizeof(T))));
    static type load(const T *p) { return *reinterpret_cast<const anywhere *>(p); }
    static void store(T *p, type v) { *reinterpret_cast<anywhere *>(p) = v; }
};

// c (width) = sum of b_i a_i over the entries of one column, for numbers of rows of A that are `k` apart, in N vectors of W
// in registers: the last one begins early enough to end with them, and holds again what the one before it holds of those
// lanes. Entries before `stop` will be wanted soon.
template <class T, class I, index_t N, index_t W>
inline void cross_vectors(const T *A, index_t k, index_t width, Columns<T, I> b, index_t j, I stop, T *c) {
    using V = Narrow<T, W>;
    constexpr index_t ahead = 24;
    typename V::type sums[N];
    for (index_t n = 0; n < N; ++n) sums[n] = typename V::type{};
    const I end = b.ptr[j + 1];
    for (I e = b.ptr[j]; e < end; ++e) {
        if (e + ahead < stop) {
            const T *soon = A + index_t(b.idx[e + ahead]) * k;
#pragma GCC unroll 4
            for (index_t l = 0; l < N * W; l += 64 / sizeof(T)) __builtin_prefetch(soon + l);
        }
        const T *a = A + index_t(b.idx[e]) * k;
        const T v = b.val[e];
        for (index_t n = 0; n < N - 1; ++n) sums[n] += v * V::load(a + n * W);
        sums[N - 1] += v * V::load(a + width - W);
    }
    for (index_t n = 0; n < N - 1; ++n) V::store(c + n * W, sums[n]);
    V::store(c + width - W, sums[N - 1]);
}

// For less than a vector: two of the largest power of two that is not above `width`, or one.
template <class T, class I, index_t W>
inline void cross_narrow(const T *A, index_t k, index_t width, Columns<T, I> b, index_t j, I stop, T *c) {
    if constexpr (W > 0) {
        if (width < W) return cross_narrow<T, I, W / 2>(A, k, width, b, j, stop, c);
        if (width == W) return cross_vectors<T, I, 1, W>(A, k, width, b, j, stop, c);
        return cross_vectors<T, I, 2, W>(A, k, width, b, j, stop, c);
    }
}

template <class T, class I> inline void cross_one(const T *A, index_t k, Columns<T, I> b, index_t j, I stop, T *c) {
    constexpr index_t L = lanes<T>;
    index_t width = k;
    for (; width > 4 * L; width -= 4 * L, A += 4 * L, c += 4 * L) cross_vectors<T, I, 4, L>(A, k, 4 * L, b, j, stop, c);
    switch (width < L ? 0 : (width + L - 1) / L) {
    case 0:
        return cross_narrow<T, I, L / 2>(A, k, width, b, j, stop, c);
    case 1:
        return cross_vectors<T, I, 1, L>(A, k, width, b, j, stop, c);
    case 2:
        return cross_vectors<T, I, 2, L>(A, k, width, b, j, stop, c);
    case 3:
        return cross_vectors<T, I, 3, L>(A, k, width, b, j, stop, c);
    default:
        return cross_vectors<T, I, 4, L>(A, k, width, b, j, stop, c);
    }
}

template <class T, class I> void cross(const T *A, index_t k, Columns<T, I> b, T *out, Range range) {
    Patience patience{range.stop};
    for (index_t j = range.begin; j < range.end && !patience.ends(k * (b.ptr[j + 1] - b.ptr[j])); ++j)
        cross_one(A, k, b, j, b.ptr[range.end], out + j * k);
}

template <class T, class I> void sddmm(const T *A, const T *X, index_t k, Columns<T, I> b, T *out, Range range) {
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
