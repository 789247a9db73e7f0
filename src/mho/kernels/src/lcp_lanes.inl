// Block pivoting on as many problems at once as a vector has lanes, all with one symmetric M: every lane eliminates on a
// set of its own, and a lane that is done takes the next problem. No lane's numbers depend on what the others hold.

namespace {

constexpr index_t lane_count = lanes<double>;
constexpr index_t most_in_lanes = 64; // a set is a word of bits
constexpr index_t most_at_once = 1024;

typedef std::int64_t lane_bits __attribute__((vector_size(vector_bytes)));

// Of order k; what is `wide` has a number for every lane. Position k stands for "beyond the set": a unit row that couples
// to nothing and whose right-hand side is zero.
struct Lanes {
    double *table;    // (k + 1)^2, M and beyond it zeros
    double *diagonal; // k + 1, of M and beyond it one
    double *q;        // (k + 1) wide
    double *x;        // (k + 1) wide
    double *factor;   // rows p of k - p + 1 wide: the diagonal, what is right of it, the right-hand side
    double *inverse;  // k wide, reciprocals of the pivots
    index_t *set;     // k wide
    index_t *order;   // most_at_once, the problems in turn
    index_t *support; // most_at_once, the size of each one's first guess
    std::uint64_t in[lane_count];
    lane_bits own; // every lane's own place among as many
    double tolerance[lane_count];
    index_t number[lane_count]; // of the right-hand side; -1: none
    index_t fewest[lane_count], patience[lane_count], rounds[lane_count];
    index_t k;
};

inline index_t lanes_scratch(index_t k) {
    if (k > most_in_lanes) return 0;
    return (k + 1) * (k + 2) + lane_count * (4 * k + 2 + (k + 1) * (k + 2) / 2) + 7 * lane_count + 2 * most_at_once;
}

inline double *aligned(double *p) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    return p + (vector_bytes - address % vector_bytes) % vector_bytes / sizeof(double);
}

inline Lanes all_lanes(const double *M, index_t k, double *scratch) {
    constexpr index_t L = lane_count;
    Lanes s;
    s.k = k;
    s.q = aligned(scratch);
    s.x = s.q + (k + 1) * L;
    s.factor = s.x + (k + 1) * L;
    s.inverse = s.factor + (k + 1) * (k + 2) / 2 * L;
    s.set = reinterpret_cast<index_t *>(s.inverse + k * L);
    s.table = s.inverse + 2 * k * L;
    s.diagonal = s.table + (k + 1) * (k + 1);
    s.order = reinterpret_cast<index_t *>(s.diagonal + k + 1);
    s.support = s.order + most_at_once;
    for (index_t i = 0; i <= k; ++i)
        for (index_t j = 0; j <= k; ++j) s.table[i * (k + 1) + j] = i < k && j < k ? M[i * k + j] : 0;
    for (index_t i = 0; i <= k; ++i) s.diagonal[i] = i < k ? M[i * k + i] : 1;
    for (index_t l = 0; l < L; ++l) s.own[l] = l, s.x[k * L + l] = s.q[k * L + l] = 0;
    return s;
}

// Lane l holds right-hand side j, q (k), and starts on the support of x (k).
inline void begin(Lanes &s, index_t l, index_t j, const double *q, const double *x) {
    const index_t k = s.k;
    s.number[l] = j;
    s.in[l] = 0;
    s.fewest[l] = k + 1, s.patience[l] = 3, s.rounds[l] = 0;
    s.tolerance[l] = rounding(q, k);
    for (index_t i = 0; i < k; ++i) {
        s.q[i * lane_count + l] = q[i];
        if (x[i] > 0 && s.diagonal[i] > 0) s.in[l] |= std::uint64_t(1) << i;
    }
}

// Lane l has nothing to do: its set is empty.
inline void idle(Lanes &s, index_t l) {
    s.number[l] = -1;
    s.in[l] = 0;
    s.tolerance[l] = 0;
    for (index_t i = 0; i < s.k; ++i) s.q[i * lane_count + l] = 0;
}

// Writes the sets as positions; the size of the largest.
inline index_t list_sets(Lanes &s) {
    index_t size = 0;
    for (index_t l = 0; l < lane_count; ++l) {
        const index_t own = __builtin_popcountll(s.in[l]);
        size = own > size ? own : size;
    }
    for (index_t l = 0; l < lane_count; ++l) {
        std::uint64_t bits = s.in[l];
        index_t i = 0;
        for (; bits; bits &= bits - 1) s.set[i++ * lane_count + l] = __builtin_ctzll(bits);
        for (; i < size; ++i) s.set[i * lane_count + l] = s.k;
    }
    return size;
}

// The numbers of a table at the places that the lanes name; by one instruction where there is one, for the compiler, not
// tuned for one processor, takes the places apart.
inline vec<double> look_up(const double *table, lane_bits at) {
#if defined(__AVX512F__)
    return _mm512_i64gather_pd(reinterpret_cast<__m512i>(at), table, sizeof(double));
#else
    vec<double> found;
    for (index_t l = 0; l < lane_count; ++l) found[l] = table[at[l]];
    return found;
#endif
}

inline lane_bits places(const index_t *set) {
    lane_bits at;
    __builtin_memcpy(&at, set, sizeof at);
    return at;
}

inline void gather_sets(Lanes &s, index_t size) {
    constexpr index_t L = lane_count;
    const index_t row = s.k + 1;
    double *u = s.factor;
    const auto put = [&](vec<double> v) {
        store(u, v);
        u += L;
    };
    for (index_t i = 0; i < size; ++i) {
        const lane_bits at = places(s.set + i * L), begins = at * row;
        put(look_up(s.diagonal, at));
        for (index_t j = i + 1; j < size; ++j) put(look_up(s.table, begins + places(s.set + j * L)));
        put(look_up(s.q, at * L + s.own));
    }
}

// The reciprocal of pivot p, the first number of its row; the lanes in which it is lost to rounding.
inline lane_bits take_pivot(const Lanes &s, index_t p, const double *Up) {
    double least[lane_count];
    for (index_t l = 0; l < lane_count; ++l) least[l] = 8 * double(s.k) * epsilon * s.diagonal[s.set[p * lane_count + l]];
    const vec<double> head = load(Up), one = vec<double>{} + 1;
    store(s.inverse + p * lane_count, one / head);
    return ~(head > load(least));
}

// to -= factor from, numbers of every lane.
inline void subtract_wide(vec<double> factor, const double *from, index_t length, double *to) {
    for (index_t l = 0; l < length; l += lane_count) store(to + l, load(to + l) - factor * load(from + l));
}

inline void subtract_wide(vec<double> f, const double *from, vec<double> g, const double *other, index_t length, double *to) {
    for (index_t l = 0; l < length; l += lane_count)
        store(to + l, load(to + l) - f * load(from + l) - g * load(other + l));
}

// Eliminates every lane's rows and its right-hand side, two pivots at a time, for every number is read and written as
// often as there are turns. The lanes in which a pivot is lost to rounding.
inline lane_bits eliminate(Lanes &s, index_t size) {
    constexpr index_t L = lane_count;
    lane_bits lost{};
    double *Up = s.factor;
    for (index_t p = 0; p < size; p += 2) {
        lost |= take_pivot(s, p, Up);
        if (p + 1 == size) break;
        double *Un = Up + (size - p + 1) * L;
        const vec<double> one = load(s.inverse + p * L);
        subtract_wide(load(Up + L) * one, Up + L, (size - p) * L, Un);
        lost |= take_pivot(s, p + 1, Un);
        const vec<double> two = load(s.inverse + (p + 1) * L);
        double *Ui = Un + (size - p) * L;
        for (index_t i = p + 2; i < size; ++i) {
            const double *from = Up + (i - p) * L, *other = Un + (i - p - 1) * L;
            const index_t length = (size - i + 1) * L;
            subtract_wide(load(from) * one, from, load(other) * two, other, length, Ui);
            Ui += length;
        }
        Up = Un + (size - p) * L;
    }
    return lost;
}

// x <- the solution on every lane's set and zero elsewhere, from the rows that `eliminate` left.
inline void solve_backwards(Lanes &s, index_t size) {
    constexpr index_t L = lane_count;
    for (index_t l = 0; l < s.k * L; ++l) s.x[l] = 0;
    for (index_t p = size; p-- > 0;) {
        const auto entry = [&](index_t i, index_t j) { return s.factor + (i * (size + 1) - i * (i - 1) / 2 + j - i) * L; };
        const vec<double> z = load(entry(p, size)) * load(s.inverse + p * L);
        for (index_t i = 0; i < p; ++i) store(entry(i, size), load(entry(i, size)) - load(entry(i, p)) * z);
        double own[L];
        store(own, z);
        for (index_t l = 0; l < L; ++l) s.x[s.set[p * L + l] * L + l] = own[l];
    }
}

// The unknowns on the wrong side: negative ones in the set, others whose gradient is negative.
template <index_t J> inline void judge(const Lanes &s, index_t j, lane_bits in, vec<double> tolerance, lane_bits &wrong) {
    constexpr index_t L = lane_count;
    vec<double> w[J];
    for (index_t r = 0; r < J; ++r) w[r] = tolerance - load(s.q + (j + r) * L);
    for (index_t i = 0; i < s.k; ++i) {
        const vec<double> x = load(s.x + i * L);
#pragma GCC unroll 8
        for (index_t r = 0; r < J; ++r) w[r] += s.table[i * (s.k + 1) + j + r] * x; // a row of M is a column
    }
    for (index_t r = 0; r < J; ++r) {
        const lane_bits bit = lane_bits{} + (std::int64_t(1) << (j + r)), inside = (in & bit) != 0;
        const vec<double> x = load(s.x + (j + r) * L);
        const lane_bits negative = (inside & (x < 0)) | (~inside & (w[r] < 0));
        if (s.diagonal[j + r] > 0) wrong |= negative & bit;
    }
}

inline lane_bits wrong_side(const Lanes &s) {
    lane_bits in, wrong{};
    __builtin_memcpy(&in, s.in, sizeof in);
    index_t j = 0;
    for (; j + 8 <= s.k; j += 8) judge<8>(s, j, in, load(s.tolerance), wrong);
    for (; j < s.k; ++j) judge<1>(s, j, in, load(s.tolerance), wrong);
    return wrong;
}

// Exchanges all that are wrong, or the last alone once their number has not fallen for some rounds.
inline void exchange(Lanes &s, index_t l, std::uint64_t wrong) {
    const index_t count = __builtin_popcountll(wrong);
    const bool fewer = count < s.fewest[l];
    if (fewer) s.fewest[l] = count, s.patience[l] = 3;
    const bool all = fewer || s.patience[l]-- > 0;
    s.in[l] ^= all ? wrong : std::uint64_t(1) << (63 - __builtin_clzll(wrong));
}

// The problems of a range, those of small support first: lanes wait for the largest set among them. By counting; the
// supports are looked at once, for somebody may write to the answer meanwhile.
inline void order_by_support(const double *answer, index_t k, Range range, Lanes &s) {
    index_t first[most_in_lanes + 2] = {}; // of each size
    for (index_t j = range.begin; j < range.end; ++j) {
        index_t count = 0;
        for (index_t i = 0; i < k; ++i) count += answer[j * k + i] > 0;
        s.support[j - range.begin] = count;
        ++first[count + 1];
    }
    for (index_t c = 0; c < k; ++c) first[c + 1] += first[c];
    for (index_t j = range.begin; j < range.end; ++j) s.order[first[s.support[j - range.begin]]++] = j;
}

// Problems [range) with the support of the answer as first guess; what the lanes do not end is solved alone.
inline void lcp_in_lanes(const double *M, index_t k, const double *Q, double *answer, std::uint8_t *failed, Range range, Workspace &alone,
                         double *scratch) {
    Lanes s = all_lanes(M, k, scratch);
    index_t next = 0, busy = 0;
    const index_t count = range.end - range.begin;
    order_by_support(answer, k, range, s);
    const auto refill = [&](index_t l) {
        while (next < count && (failed[s.order[next]] = !finite(Q + s.order[next] * k, k))) ++next;
        if (next == count) return idle(s, l);
        const index_t j = s.order[next++];
        begin(s, l, j, Q + j * k, answer + j * k);
        ++busy;
    };
    for (index_t l = 0; l < lane_count; ++l) refill(l);
    while (busy > 0) {
        const index_t size = list_sets(s);
        if (alone.patience.ends(size * size * size)) return;
        gather_sets(s, size);
        const lane_bits lost = eliminate(s, size);
        solve_backwards(s, size);
        const lane_bits wrong = wrong_side(s);
        for (index_t l = 0; l < lane_count; ++l) {
            const index_t j = s.number[l];
            if (j < 0) continue;
            const bool stuck = lost[l] || ++s.rounds[l] > 4 * k + 16;
            if (!stuck && wrong[l]) {
                exchange(s, l, wrong[l]);
                continue;
            }
            double *x = answer + j * k;
            for (index_t i = 0; i < k; ++i) x[i] = s.x[i * lane_count + l] > 0 ? s.x[i * lane_count + l] : 0;
            if (stuck) failed[j] = !lawson_hanson(M, k, Q + j * k, x, alone);
            --busy;
            refill(l);
        }
    }
}

inline index_t lcp_total_scratch(index_t k) { return lcp_scratch(k) + 2 * k * block<double> + lanes_scratch(k); }

// The answer is (n, k). Its support on entry is the first guess, unless the inverse of M is given for a better one.
void lcp(const double *M, index_t k, const double *inverse, const double *Q, Method method, double *answer, std::uint8_t *failed,
         Range range, double *scratch) {
    Workspace s = workspace(scratch, k, range.stop);
    double *guesses = scratch + lcp_scratch(k);
    const bool solvable = finite(M, k * k);
    for (index_t begin = range.begin; inverse && begin < range.end; begin += block<double>)
        guess(inverse, k, Q, answer, {begin, smaller(range.end, begin + block<double>)}, guesses);
    const bool in_lanes = solvable && method == symmetric && k <= most_in_lanes;
    for (index_t begin = range.begin; in_lanes && begin < range.end; begin += most_at_once)
        lcp_in_lanes(M, k, Q, answer, failed, {begin, smaller(range.end, begin + most_at_once)}, s, guesses + 2 * k * block<double>);
    if (in_lanes) return;
    for (index_t j = range.begin; j < range.end && !s.patience.ends(k * k); ++j)
        failed[j] = !(solvable && solve_one(M, k, Q + j * k, method, answer + j * k, s));
}

} // namespace
