// Vectors as wide as the instruction set this file is compiled for.

namespace {

inline index_t smaller(index_t a, index_t b) { return a < b ? a : b; }

#if defined(__AVX512F__)
constexpr index_t vector_bytes = 64;
#elif defined(__AVX2__)
constexpr index_t vector_bytes = 32;
#else
constexpr index_t vector_bytes = 16;
#endif

template <class T> struct Vector;
template <> struct Vector<float> {
    typedef float type __attribute__((vector_size(vector_bytes)));
    typedef float anywhere __attribute__((vector_size(vector_bytes), aligned(4)));
};
template <> struct Vector<double> {
    typedef double type __attribute__((vector_size(vector_bytes)));
    typedef double anywhere __attribute__((vector_size(vector_bytes), aligned(8)));
};

template <class T> using vec = typename Vector<T>::type;
template <class T> constexpr index_t lanes = vector_bytes / sizeof(T);

template <class T> inline vec<T> load(const T *p) { return *reinterpret_cast<const typename Vector<T>::anywhere *>(p); }
template <class T> inline void store(T *p, vec<T> v) { *reinterpret_cast<typename Vector<T>::anywhere *>(p) = v; }

// The sum of the lanes, by halves: a chain of them would take longer than the products that it sums.
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define MHO_HALVES 1
#endif
#endif

template <class T> inline T sum(vec<T> v) {
#ifdef MHO_HALVES
    if constexpr (lanes<T> == 16) v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    if constexpr (lanes<T> == 16) v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    if constexpr (lanes<T> == 16) v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    if constexpr (lanes<T> == 8) v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    if constexpr (lanes<T> == 8) v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    if constexpr (lanes<T> == 4) v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
#else
    T total = 0;
    for (index_t l = 0; l < lanes<T>; ++l) total += v[l];
    return total;
#endif
}

// Lane l of v[r] = from[l * stride + r]: in each of log2 L rounds, pairs of vectors exchange blocks of lanes.
template <class T> inline void transposed(const T *from, index_t stride, vec<T> (&v)[lanes<T>]) {
    constexpr index_t L = lanes<T>;
#if defined(__GNUC__) && !defined(__clang__)
    typedef decltype(v[0] < v[0]) order;
#pragma GCC unroll 16
    for (index_t l = 0; l < L; ++l) v[l] = load(from + l * stride);
#pragma GCC unroll 4
    for (index_t block = 1; block < L; block *= 2) {
        order first, second;
#pragma GCC unroll 16
        for (index_t l = 0; l < L; ++l) first[l] = l & block ? L + l - block : l, second[l] = l & block ? L + l : l + block;
#pragma GCC unroll 16
        for (index_t r = 0; r < L; ++r)
            if (!(r & block)) {
                const vec<T> one = v[r], other = v[r + block];
                v[r] = __builtin_shuffle(one, other, first), v[r + block] = __builtin_shuffle(one, other, second);
            }
    }
#else
    for (index_t r = 0; r < L; ++r)
        for (index_t l = 0; l < L; ++l) v[r][l] = from[l * stride + r];
#endif
}

} // namespace
