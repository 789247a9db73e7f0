// Divergences of one number b from another y, a vector of them at a time: their value, and the slope and curvature in y
// that a Newton step wants. y below `least` counts as zero, where no finite divergence reaches b > 0.

namespace {

template <class T> struct Bits;
template <> struct Bits<float> {
    typedef std::int32_t type __attribute__((vector_size(vector_bytes)));
    static constexpr std::int32_t root_half = 0x3f3504f3, mantissa = 23; // the bits of sqrt(1/2)
    static constexpr index_t terms = 5;
    static constexpr float least = 1e-30f, most = 1e30f;
};
template <> struct Bits<double> {
    typedef std::int64_t type __attribute__((vector_size(vector_bytes)));
    static constexpr std::int64_t root_half = 0x3fe6a09e667f3bcd, mantissa = 52;
    static constexpr index_t terms = 11;
    static constexpr double least = 1e-250, most = 1e250;
};

template <class T> inline vec<T> larger(vec<T> a, T b) { return a > b ? a : vec<T>{} + b; }
template <class T> inline vec<T> capped(vec<T> a) { return a < Bits<T>::most ? a : vec<T>{} + Bits<T>::most; }

// log u for normal u > 0: u = 2^e f with f in [sqrt(1/2), sqrt(2)), log f = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with
// s = (f - 1) / (f + 1), |s| < 0.172. Near u = 1 it is as accurate as u - 1 is.
template <class T> inline vec<T> logarithm(vec<T> u) {
    using bits = typename Bits<T>::type;
    const bits raw = (bits)u;
    const bits e = (raw - Bits<T>::root_half) >> Bits<T>::mantissa;
    const vec<T> f = (vec<T>)(raw - (e << Bits<T>::mantissa));
    const vec<T> s = (f - T(1)) / (f + T(1)), z = s * s;
    vec<T> series{};
#pragma GCC unroll 16
    for (index_t n = Bits<T>::terms - 1; n >= 0; --n) series = series * z + T(1) / T(2 * n + 1);
    return __builtin_convertvector(e, vec<T>) * T(0.69314718055994530942) + T(2) * s * series;
}

// One divergence and what a Newton step wants of it.
template <class T> struct Point {
    vec<T> value;
    vec<T> pull;      // minus the derivative in y
    vec<T> curvature; // of a convex function of y that has the same slope there
};

// b log(b/y) - b + y.
template <class T> struct KullbackLeibler {
    static Point<T> at(vec<T> b, vec<T> y) {
        const vec<T> inverse = T(1) / y, u = capped<T>(b * inverse);
        const vec<T> value = y * (u * logarithm<T>(larger<T>(u, Bits<T>::least)) - (u - T(1)));
        return {value, u - T(1), capped<T>(u * inverse)};
    }
};

// The same without its y, for a matrix whose zeros are data: all the y are summed by way of the factor's column sums.
template <class T> struct KullbackLeiblerStored {
    static Point<T> at(vec<T> b, vec<T> y) {
        const Point<T> point = KullbackLeibler<T>::at(b, y);
        return {point.value - y, point.pull + T(1), point.curvature};
    }
};

// b/y - log(b/y) - 1, whose curvature (2u - 1) / y^2, u = b/y, is that of a convex function only where u > 1/2. The function
// above it of Fevotte and Idier (2011) has 2u / y^2, so near u = 1 its steps are half of Newton's and a solve takes many. The
// curvature itself is taken, but a quarter of u / y^2 at the least; steps that would raise the divergence are cut anyway.
template <class T> struct ItakuraSaito {
    static Point<T> at(vec<T> b, vec<T> y) {
        const vec<T> inverse = T(1) / y, u = larger<T>(capped<T>(b * inverse), Bits<T>::least);
        const vec<T> own = T(2) * u - T(1), least = u * T(0.25), convex = own > least ? own : least;
        return {(u - T(1)) - logarithm<T>(u), capped<T>((u - T(1)) * inverse), capped<T>(convex * inverse * inverse)};
    }
};

// The divergence of a vector of numbers. It is added to a sum, but for b > 0 that y = 0 is to fit: those are counted.
template <class L, class T> inline Point<T> add_point(vec<T> b, vec<T> y, vec<T> &finite, vec<T> &lost) {
    const vec<T> zero{}, one = zero + T(1);
    const auto nothing = y < Bits<T>::least;
    const Point<T> point = L::at(b, larger<T>(y, Bits<T>::least));
    finite += nothing ? zero : point.value;
    lost += (nothing & (b > zero)) ? one : zero;
    return point;
}

// A divergence so far. What is lost counts for more than any finite amount.
struct Value {
    double finite, lost;
    bool above(Value other) const { return lost > other.lost || (lost == other.lost && !(finite <= other.finite)); }
    double total() const { return lost > 0 ? __builtin_inf() : finite; }
};

// A step that does not lessen the objective is cut to a quarter, this often; then there is none.
constexpr index_t most_cuts = 5;

} // namespace
