// Kernels over a sparse matrix B given by columns; a row of A (m, k) is contiguous, so each stored entry costs one
// gather of k numbers.

namespace {

template <class T, class I> inline void cross_one(const T *A, index_t k, Columns<T, I> b, index_t j, T *c) {
    for (index_t l = 0; l < k; ++l) c[l] = 0;
    for (I e = b.ptr[j]; e < b.ptr[j + 1]; ++e) {
        const T *a = A + index_t(b.idx[e]) * k;
        const T v = b.val[e];
#pragma omp simd
        for (index_t l = 0; l < k; ++l) c[l] += v * a[l];
    }
}

template <class T, class I> void cross(const T *A, index_t k, Columns<T, I> b, T *out, Range range) {
    for (index_t j = range.begin; j < range.end; ++j) cross_one(A, k, b, j, out + j * k);
}

template <class T, class I> void sampled(const T *A, const T *X, index_t k, Columns<T, I> b, T *out, Range range) {
    for (index_t j = range.begin; j < range.end; ++j) {
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
