// Vectors as wide as the instruction set this file is compiled for.

namespace {

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

template <class T> inline T sum(vec<T> v) {
    T total = 0;
    for (index_t l = 0; l < lanes<T>; ++l) total += v[l];
    return total;
}

} // namespace
