// Coordinate descent on x'Gx/2 - c'x over x >= 0, for right-hand sides that have a G each.

namespace {

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
template <class T, index_t N>
void descend_in_registers(const T *G, index_t k, const T *inverse, T *slope, T *x, index_t sweeps) {
    constexpr index_t L = lanes<T>, kp = N * L;
    vec<T> g[N];
    for (index_t n = 0; n < N; ++n) g[n] = load(slope + n * L);
    for (index_t round = 0; round < sweeps; ++round)
#pragma GCC unroll 4
        for (index_t n = 0; n < N; ++n)
#pragma GCC unroll 16
            for (index_t r = 0; r < L; ++r) {
                const index_t i = n * L + r;
                if (i >= k) break;
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
    case 1:
        descend_in_registers<T, 1>(G, k, inverse, slope, x, sweeps);
        break;
    case 2:
        descend_in_registers<T, 2>(G, k, inverse, slope, x, sweeps);
        break;
    case 4:
        descend_in_registers<T, 4>(G, k, inverse, slope, x, sweeps);
        break;
    default:
        descend(G, k, kp, inverse, slope, x, sweeps);
    }
}

// One right-hand side in each lane: x, c, slope and inverse (k, L), and of the symmetric G the entries (i, l <= i) row by
// row, L numbers each. Nothing waits for a sum over lanes, and a sweep costs what k vectors of k cost for all of them.

constexpr index_t packed(index_t i, index_t l) { return i * (i + 1) / 2 + l; }

// slope += step G[i].
template <class T> inline void move_along(const T *G, index_t k, index_t i, vec<T> step, T *slope) {
    constexpr index_t L = lanes<T>;
    const T *g = G + packed(i, 0) * L;
    for (index_t l = 0; l < k; ++l) {
        store(slope + l * L, load(slope + l * L) + step * load(g));
        g += (l < i ? 1 : l + 1) * L; // along the row to the diagonal, then down the column
    }
}

// slope = G x - c.
template <class T> inline void slope_in_lanes(const T *G, index_t k, const T *c, const T *x, T *slope) {
    constexpr index_t L = lanes<T>;
    for (index_t l = 0; l < k; ++l) store(slope + l * L, -load(c + l * L));
    for (index_t i = 0; i < k; ++i) move_along(G, k, i, load(x + i * L), slope);
}

template <class T> void descend_in_lanes(const T *G, index_t k, const T *inverse, T *slope, T *x, index_t sweeps) {
    constexpr index_t L = lanes<T>;
    const vec<T> zero{};
    for (index_t round = 0; round < sweeps; ++round)
        for (index_t i = 0; i < k; ++i) {
            const vec<T> before = load(x + i * L), wanted = before - load(slope + i * L) * load(inverse + i * L);
            const vec<T> next = wanted > zero ? wanted : zero;
            store(x + i * L, next);
            move_along(G, k, i, next - before, slope);
        }
}

} // namespace
