// What a check and a start want to know of an array, in one pass over it.

namespace {

// NaN is in no extreme, for no comparison with it holds; it shows in the sums.
template <class T> ArrayStats array_stats(const T *x, Range range) {
    constexpr index_t L = 2 * lanes<T>; // sums side by side, to hide how long an addition takes
    T low[L], high[L];
    double total[L] = {}, square[L] = {};
    for (index_t l = 0; l < L; ++l) low[l] = INFINITY, high[l] = -INFINITY;
    const index_t whole = range.end - (range.end - range.begin) % L;
    for (index_t i = range.begin; i < whole; i += L)
#pragma omp simd
        for (index_t l = 0; l < L; ++l) {
            const T v = x[i + l];
            low[l] = v < low[l] ? v : low[l];
            high[l] = v > high[l] ? v : high[l];
            total[l] += v;
            square[l] += double(v) * double(v);
        }
    for (index_t i = whole; i < range.end; ++i) {
        low[0] = x[i] < low[0] ? x[i] : low[0];
        high[0] = x[i] > high[0] ? x[i] : high[0];
        total[0] += x[i];
        square[0] += double(x[i]) * double(x[i]);
    }
    ArrayStats all = no_stats;
    for (index_t l = 0; l < L; ++l) all = together(all, {low[l], high[l], total[l], square[l]});
    return all;
}

} // namespace
