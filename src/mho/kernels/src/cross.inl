// Cross products alone, C (n, k) = X'A, for the exact solver: the right-hand sides are the rows of an X (n, m) or the
// columns of an X (m, n).
//
// X comes from far and is read once. The same pass tells what a check wants to know of it: its largest magnitude, or NaN
// if a product is not finite, as some are wherever X holds a number that is not.

namespace {

// In lanes, the larger of what was largest and the magnitudes of x.
template <class T> inline vec<T> larger_magnitude(vec<T> largest, vec<T> x) {
    const vec<T> size = x < 0 ? -x : x;
    return size > largest ? size : largest;
}

template <class T> vec<T> larger_magnitudes(vec<T> largest, const T *x, index_t size) {
    constexpr index_t L = lanes<T>;
    index_t i = 0;
    for (; i + L <= size; i += L) largest = larger_magnitude<T>(largest, load(x + i));
    for (; i < size; ++i) largest = larger_magnitude<T>(largest, vec<T>{} + x[i]);
    return largest;
}

template <class T> inline T largest_lane(vec<T> v) {
    T largest = v[0];
    for (index_t l = 1; l < lanes<T>; ++l) largest = v[l] > largest ? v[l] : largest;
    return largest;
}

template <class T> inline bool finite(const T *v, index_t size) {
    T sum = 0; // of v - v: zero, or NaN as soon as one entry is not finite
#pragma omp simd reduction(+ : sum)
    for (index_t l = 0; l < size; ++l) sum += v[l] - v[l];
    return sum == 0;
}

// What a pass returns that made the products C of a range.
template <class T> inline T seen(vec<T> largest, const T *C, index_t k, Range range) {
    return finite(C + range.begin * k, (range.end - range.begin) * k) ? largest_lane<T>(largest) : T(NAN);
}

// Rows of X and of A whose products are added at once, few enough for the nearest cache and for the processor to foresee
// what each row reads next; and columns whose products wait in the next cache, as many as make that reading long.
constexpr index_t products_depth = 24;
template <class T> constexpr index_t products_strip = 4096 / sizeof(T);

template <class T> index_t products_scratch(index_t k) { return k * products_strip<T>; }

// C (k, two vectors) += A'X for A (rows, k) and X (rows, columns), its rows n apart, of at most two vectors of columns.
template <class T>
void add_pair(const T *X, index_t n, index_t columns, const T *A, index_t k, index_t rows, T *C, index_t ahead, vec<T> &largest) {
    constexpr index_t P = 2 * lanes<T>;
    T copy[products_depth * P];
    if (columns < P) {
        for (index_t r = 0; r < rows; ++r)
            for (index_t l = 0; l < P; ++l) copy[r * P + l] = l < columns ? X[r * n + l] : T(0);
        X = copy, n = P, ahead = 0;
    }
    for (index_t r = 0; r < rows; ++r)
        for (index_t l = 0; l < P; l += lanes<T>) largest = larger_magnitude<T>(largest, load(X + r * n + l));
    outer_rows(X, n, A, k, k, rows, C, P, ahead);
}

// A is (m, k). The products of a strip wait as a (k, two vectors) for each two vectors of columns.
template <class T>
T products_of_columns(const T *X, index_t n, index_t m, const T *A, index_t k, T *C, Range range, T *scratch) {
    constexpr index_t P = 2 * lanes<T>, S = products_strip<T>, D = products_depth;
    vec<T> largest{};
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += S) {
        const index_t columns = smaller(range.end - begin, S);
        for (index_t l = 0; l < k * S; ++l) scratch[l] = 0;
        for (index_t i = 0; i < m && !patience.ends(D * columns * k); i += D)
            for (index_t l = 0; l < columns; l += P)
                add_pair(X + i * n + begin + l, n, smaller(columns - l, P), A + i * k, k, smaller(m - i, D), scratch + l * k,
                         i + D < m ? D * n : 0, largest);
        for (index_t l = 0; l < columns; ++l)
            for (index_t j = 0; j < k; ++j) C[(begin + l) * k + j] = scratch[l / P * P * k + j * P + l % P];
    }
    return seen<T>(largest, C, k, range);
}

// A is (k, m), so that every product is one of two contiguous rows.
template <class T>
T products_of_rows(const T *X, index_t m, const T *A, index_t k, T *C, Range range, T *scratch) {
    constexpr index_t B = block<T>;
    vec<T> largest{};
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += B) {
        const index_t size = smaller(range.end - begin, B);
        if (patience.ends(size * m * k)) break;
        for (index_t r = 0; r < size; r += dot_rows) {
            const T *Xr = X + (begin + r) * m;
            const index_t rows = smaller(size - r, dot_rows);
            largest = larger_magnitudes(largest, Xr, rows * m);
            cross_rows(Xr, rows, m, A, k, scratch + r, B);
        }
        give_rows(scratch, size, k, C + begin * k);
    }
    return seen<T>(largest, C, k, range);
}

} // namespace
