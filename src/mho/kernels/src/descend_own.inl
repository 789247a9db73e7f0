// Non-negative least squares with a Gram matrix of each right-hand side's own, by coordinate descent to rest.

namespace {

constexpr index_t most_rounds = 512, rounds_between = 4;

// The largest violation of slope >= 0, x >= 0, x slope = 0.
template <class T> T violation(const T *slope, const T *x, index_t k) {
    T worst = 0;
    for (index_t l = 0; l < k; ++l) {
        const T own = x[l] > 0 ? (slope[l] < 0 ? -slope[l] : slope[l]) : -slope[l];
        worst = own > worst ? own : worst;
    }
    return worst;
}

template <class T> index_t descend_own_scratch(index_t k) { return padded<T>(k) * (padded<T>(k) + 3); }

// min over x >= 0 of x'(G + D)x / 2 - c'x for k unknowns, D having l2 and `relative` times G's own on its diagonal; the
// rows of G are `row` long. Whether it came to rest, to `tolerance` of the largest c.
template <class T>
bool descend_own(const T *G, index_t row, index_t k, const T *c, T l2, T relative, T tolerance, T *x, T *scratch) {
    const index_t kp = padded<T>(k);
    T *own = scratch, *inverse = own + kp * kp, *slope = inverse + kp, *at = slope + kp;
    T most = 0;
    for (index_t l = 0; l < kp * kp; ++l) own[l] = 0;
    for (index_t i = 0; i < k; ++i) {
        for (index_t l = 0; l < k; ++l) own[i * kp + l] = G[i * row + l];
        own[i * kp + i] += l2 + relative * own[i * kp + i];
    }
    for (index_t l = 0; l < kp; ++l) {
        const bool moves = l < k && own[l * kp + l] > 0;
        inverse[l] = moves ? 1 / own[l * kp + l] : T(0);
        at[l] = moves ? x[l] : T(0);
        slope[l] = moves ? -c[l] : T(0);
        most = moves && c[l] > most ? c[l] : most;
    }
    constexpr index_t L = lanes<T>;
    for (index_t i = 0; i < k; ++i)
        if (at[i] != 0)
            for (index_t l = 0; l < kp; l += L) store(slope + l, load(slope + l) + at[i] * load(own + i * kp + l));
    bool rests = violation(slope, at, k) <= tolerance * most;
    for (index_t round = 0; !rests && round < most_rounds; round += rounds_between) {
        descend_all(own, k, kp, inverse, slope, at, rounds_between);
        rests = violation(slope, at, k) <= tolerance * most;
    }
    for (index_t l = 0; l < k; ++l) x[l] = at[l];
    return rests;
}

} // namespace
