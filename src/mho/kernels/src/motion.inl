// Motion under dz/dt = F z + f, until the first of some signals B z + c passes zero.
//
// By exact maps z(t + h) = z + D z + g over steps h that double: a Taylor polynomial at a step far below the fastest
// time constant, then squares of 1 + D (Moler and Van Loan 2003, "scaling and squaring"). No step's length matters for the
// states at its ends, the knots (z, speed, acceleration). Between them goes the polynomial of fifth degree that has them all,
// and a step is as long as that polynomial meets the exact state in the middle of it.

namespace {

constexpr int doublings = 64;
constexpr double first_step = 1.0 / 64; // of 1 / |F|, where degree 6 is exact to rounding: 64^-7 / 7! = 4.5e-17
constexpr int degree = 6;
constexpr int longest_guess = 20;      // doublings the first step may have
constexpr double at_rest = 1e-12;      // |1 + D| of a step after which nothing is left of where it began
constexpr double run_away = 1e100;     // of |1 + D| or |z|
constexpr index_t most_steps = 100000; // of one motion: an oscillation that hardly decays
constexpr int bisections = 40;         // of the first step

constexpr index_t motion_unit = 2 * lanes<double>;

inline index_t motion_row(index_t n) { return (n + motion_unit - 1) / motion_unit * motion_unit; }

inline index_t follow_scratch(index_t n, index_t q) {
    const index_t row = motion_row(n), signal_row = motion_row(q);
    return row * row * (doublings + 5) + row * (doublings + degree + 12) + signal_row * (n + degree + 3);
}

// C = A B + share A; rows of `row` numbers, as many of them.
inline void multiply(const double *A, const double *B, double share, index_t row, double *C) {
    constexpr index_t L = lanes<double>, rows = L == 8 ? 8 : 4;
    for (index_t i = 0; i < row; i += rows)
        for (index_t c = 0; c < row; c += 2 * L) {
            vec<double> sums[rows][2];
            const vec<double> nothing = {}; // all of `sums` at once would be zeroed in memory
            for (index_t r = 0; r < rows; ++r) sums[r][0] = nothing, sums[r][1] = nothing;
            for (index_t l = 0; l < row; ++l) {
                const vec<double> left = load(B + l * row + c), right = load(B + l * row + c + L);
                for (index_t r = 0; r < rows; ++r) {
                    const double a = A[(i + r) * row + l];
                    sums[r][0] += a * left;
                    sums[r][1] += a * right;
                }
            }
            for (index_t r = 0; r < rows; ++r) {
                const double *a = A + (i + r) * row + c;
                store(C + (i + r) * row + c, sums[r][0] + share * load(a));
                store(C + (i + r) * row + c + L, sums[r][1] + share * load(a + L));
            }
        }
}

// out = M' z + g for M (n, row), and M' times the `count - 1` vectors behind z.
template <index_t count>
inline void apply(const double *M, index_t n, index_t row, const double *z, const double *g, double *out) {
    constexpr index_t L = lanes<double>;
    for (index_t c = 0; c < row; c += 2 * L) {
        vec<double> sums[count][2];
        const vec<double> nothing = {}; // all of `sums` at once would be zeroed in memory
        for (index_t r = 1; r < count; ++r) sums[r][0] = nothing, sums[r][1] = nothing;
        sums[0][0] = load(g + c), sums[0][1] = load(g + c + L);
        for (index_t j = 0; j < n; ++j) {
            const vec<double> left = load(M + j * row + c), right = load(M + j * row + c + L);
            for (index_t r = 0; r < count; ++r) {
                sums[r][0] += z[r * row + j] * left;
                sums[r][1] += z[r * row + j] * right;
            }
        }
        for (index_t r = 0; r < count; ++r) store(out + r * row + c, sums[r][0]), store(out + r * row + c + L, sums[r][1]);
    }
}

// max |v|.
inline double largest(const double *v, index_t size) {
    double most = 0;
#pragma omp simd reduction(max : most)
    for (index_t l = 0; l < size; ++l) most = most < absolute(v[l]) ? absolute(v[l]) : most;
    return most;
}

// max |1 + D|.
inline double largest_beside_one(const double *D, index_t n, index_t row) {
    double most = 0;
    for (index_t i = 0; i < n; ++i) {
        const double *d = D + i * row, own = absolute(1 + d[i]), left = largest(d, i), right = largest(d + i + 1, n - i - 1);
        const double more = left > right ? left : right;
        most = most < own ? own : most;
        most = most < more ? more : most;
    }
    return most;
}

// max s.
inline double highest(const double *s, index_t size) {
    double most = s[0];
#pragma omp simd reduction(max : most)
    for (index_t l = 0; l < size; ++l) most = most < s[l] ? s[l] : most;
    return most;
}

inline void copy(const double *from, index_t size, double *to) {
    for (index_t l = 0; l < size; ++l) to[l] = from[l];
}

// sums = terms[0] + terms[1] x + .. for terms (degree + 1, row); they may be terms[0].
inline void polynomials(const double *terms, index_t row, double x, double *sums) {
    constexpr index_t L = lanes<double>;
    for (index_t l = 0; l < row; l += L) {
        vec<double> sum = load(terms + degree * row + l);
        for (int p = degree - 1; p >= 0; --p) sum = sum * x + load(terms + p * row + l);
        store(sums + l, sum);
    }
}

// The maps, transposed, made as they are needed, and all else a motion needs in memory. Pads are zero.
struct Steps {
    const index_t n, row, q, signal_row;
    double *next;                         // of the scratch
    double *const zero, *const f, *const c;
    double *const F, *const B;            // transposed
    double *const signals, *const work;   // (degree + 1) signal_row; (degree + 1) row and a row of signals
    double *const knots;                  // 9 row
    double *const maps;                   // (doublings) row (row + 1), D and then g
    double *const powers;                 // 4 row row
    double size[doublings], h;            // the largest of each 1 + D; of the first map
    int known = 0;                        // maps

    Steps(Motion m, double *scratch)
        : n(m.n), row(motion_row(n)), q(m.q), signal_row(motion_row(q)), next(scratch), zero(zeros(row)), f(zeros(row)),
          c(zeros(signal_row)), F(zeros(row * row)), B(zeros(n * signal_row)), signals(zeros((degree + 1) * signal_row)),
          work(zeros((degree + 1) * row + signal_row)), knots(zeros(9 * row)), maps(take(doublings * row * (row + 1))),
          powers(take(4 * row * row)) {
        double norm = 0;
        for (index_t i = 0; i < n; ++i) {
            double sum = 0;
            for (index_t j = 0; j < n; ++j) F[j * row + i] = m.F[i * n + j], sum += absolute(m.F[i * n + j]);
            if (sum > norm) norm = sum;
            f[i] = m.f[i];
        }
        for (index_t i = 0; i < q; ++i) {
            for (index_t j = 0; j < n; ++j) B[j * signal_row + i] = m.B[i * n + j];
            c[i] = m.c[i];
        }
        h = norm > 0 ? first_step / norm : 1;
    }

    double *take(index_t numbers) {
        double *p = next;
        next += numbers;
        return p;
    }

    double *zeros(index_t numbers) {
        double *p = take(numbers);
        for (index_t l = 0; l < numbers; ++l) p[l] = 0;
        return p;
    }

    double *D(int level) const { return maps + level * row * (row + 1); }

    double *g(int level) const { return D(level) + row * row; }

    double length(int level) const { return h * double(std::int64_t(1) << level); }

    void prepare(int level, Stop stop) {
        for (; known <= level && !stop(); ++known) {
            if (known == 0) {
                taylor();
            } else {
                const double *before = D(known - 1);
                multiply(before, before, 2, row, D(known));
                apply<1>(before, n, row, g(known - 1), g(known - 1), g(known));
                for (index_t l = 0; l < row; ++l) g(known)[l] += g(known - 1)[l];
            }
            size[known] = largest_beside_one(D(known), n, row);
        }
    }

    // D = exp(h F) - 1, g = (h + h^2 F / 2 + h^3 F^2 / 6 + ..) f.
    void taylor() {
        double *A = powers, *A2 = A + row * row, *A3 = A2 + row * row, *tail = A3 + row * row;
        for (index_t l = 0; l < row * row; ++l) A[l] = h * F[l];
        multiply(A, A, 0, row, A2);
        multiply(A2, A, 0, row, A3);
        for (index_t l = 0; l < row * row; ++l) tail[l] = A[l] / 24 + A2[l] / 120 + A3[l] / 720;
        for (index_t i = 0; i < n; ++i) tail[i * row + i] += 1.0 / 6;
        double *whole = D(0);
        multiply(A3, tail, 0, row, whole);
        for (index_t l = 0; l < row * row; ++l) whole[l] += A[l] + A2[l] / 2;
        double *sum = g(0), *next = work;
        copy(f, row, sum);
        for (int p = degree; p > 1; --p) {
            apply<1>(A, n, row, sum, zero, next);
            for (index_t l = 0; l < row; ++l) sum[l] = f[l] + next[l] / p;
        }
        for (index_t l = 0; l < row; ++l) sum[l] *= h;
    }

    // A knot a step on: speed and acceleration decay with the motion, while F z + f only cancels.
    void step(int level, const double *from, double *to) const {
        apply<3>(D(level), n, row, from, g(level), to);
        for (index_t l = 0; l < 3 * row; ++l) to[l] += from[l];
    }

    bool beyond(const double *z) const {
        apply<1>(B, n, signal_row, z, c, signals);
        return q > 0 && highest(signals, q) > 0;
    }

    // From a knot on some signal passes zero within a step of `level`: it comes there, just beyond; returns after how long.
    double cross(int level, double *knot, double *half) const {
        double time = 0;
        while (level-- > 0) {
            step(level, knot, half);
            if (beyond(half)) continue;
            copy(half, 3 * row, knot);
            time += length(level);
        }
        const double share = cross_first(knot);
        advance(share * h, knot + row);
        advance(share * h, knot + 2 * row);
        return time + share * h;
    }

    // v <- exp(time F) v for a time within the first step.
    void advance(double time, double *v) const {
        double *term = work, *next = term + row;
        copy(v, row, term);
        for (int p = 1; p <= degree; ++p) {
            apply<1>(F, n, row, term, zero, next);
            for (index_t l = 0; l < row; ++l) term[l] = next[l] * time / p, v[l] += term[l];
        }
    }

    // z passes some signal's zero within the first step, by the Taylor polynomial of every signal; in units of that step.
    double cross_first(double *z) const {
        double *terms = work;
        copy(z, row, terms);
        for (int p = 1; p <= degree; ++p) {
            apply<1>(F, n, row, terms + (p - 1) * row, p == 1 ? f : zero, terms + p * row);
            for (index_t l = 0; l < row; ++l) terms[p * row + l] *= h / p;
        }
        double *series = signals, *sums = terms + (degree + 1) * row, low = 0, high = 1;
        apply<1>(B, n, signal_row, terms, c, series);
        for (int p = 1; p <= degree; ++p) {
            double *s = series + p * signal_row;
            for (index_t l = 0; l < signal_row; ++l) s[l] = 0;
            apply<1>(B, n, signal_row, terms + p * row, s, s);
        }
        for (int round = 0; round < bisections; ++round) {
            const double middle = (low + high) / 2;
            polynomials(series, signal_row, middle, sums);
            (highest(sums, q) > 0 ? high : low) = middle;
        }
        polynomials(terms, row, high, z);
        polynomials(series, signal_row, high, signals);
        return high;
    }
};

// How far the polynomial of fifth degree over a step is from z in the middle of it, at most.
inline double bend(const double *from, const double *z, const double *to, double h, index_t n, index_t row) {
    double most = 0;
#pragma omp simd reduction(max : most)
    for (index_t l = 0; l < n; ++l) {
        const double speeds = from[row + l] - to[row + l], accelerations = from[2 * row + l] + to[2 * row + l];
        const double off = absolute((from[l] + to[l]) / 2 + h * speeds * 5 / 32 + h * h * accelerations / 64 - z[l]);
        most = most < off ? off : most;
    }
    return most;
}

// The doublings of a first step in which a motion turns by about a third of its speed.
inline int guess_level(const Steps &s, const double *knot) {
    const double v = largest(knot + s.row, s.n), a = largest(knot + 2 * s.row, s.n);
    int level = 1;
    while (v > 0 && level < longest_guess && 3 * s.length(level + 1) * a < v) ++level;
    return level;
}

inline Outcome follow_knots(Steps &s, Motion m, double *here, double *there, double *middle, double *end, std::uint8_t *crossed,
                            Sink sink) {
    const auto leave = [&](const double *z, Outcome outcome) {
        const double first = m.q > 0 ? highest(s.signals, m.q) : 0; // has passed, whatever rounding says
        for (index_t i = 0; i < m.q; ++i) crossed[i] = outcome == Outcome::crossed && (s.signals[i] > 0 || s.signals[i] == first);
        copy(z, m.n, end);
        return outcome;
    };
    double time = 0, scale = m.scale;
    apply<1>(s.F, s.n, s.row, here, s.f, here + s.row);
    apply<1>(s.F, s.n, s.row, here + s.row, s.zero, here + 2 * s.row);
    sink.take(sink.to, time, here, s.row);
    if (s.beyond(here)) return leave(here, Outcome::crossed);
    int level = guess_level(s, here);
    for (index_t steps = 0; steps < most_steps;) {
        s.prepare(level, m.stop);
        if (m.stop()) return Outcome::endless;
        s.step(level - 1, here, middle);
        s.step(level - 1, middle, there);
        const double length = s.length(level), reached = largest(there, m.n);
        if (!(reached < run_away)) return leave(here, Outcome::endless);
        if (reached > scale) scale = reached;
        const double error = bend(here, middle, there, length, m.n, s.row);
        if (error > m.tolerance * scale && level > 1) {
            --level;
            continue;
        }
        const bool early = s.beyond(middle);
        if (early || s.beyond(there)) {
            copy(early ? here : middle, 3 * s.row, there);
            time += (early ? 0 : length / 2) + s.cross(level - 1, there, middle);
            sink.take(sink.to, time, there, s.row);
            return leave(there, Outcome::crossed);
        }
        time += length;
        sink.take(sink.to, time, there, s.row);
        if (time >= m.longest) return leave(there, Outcome::outlasted);
        if (s.size[level] < at_rest) return leave(there, Outcome::rested);
        if (!(s.size[level] < run_away) || level + 1 == doublings) return leave(there, Outcome::endless);
        if (64 * error <= m.tolerance * scale) ++level;
        ++steps;
        double *left = here;
        here = there;
        there = left;
    }
    return leave(here, Outcome::endless);
}

Outcome follow(Motion m, double *end, std::uint8_t *crossed, Sink sink, double *scratch) {
    Steps s(m, scratch);
    copy(m.z, m.n, s.knots);
    return follow_knots(s, m, s.knots, s.knots + 3 * s.row, s.knots + 6 * s.row, end, crossed, sink);
}

// What lies between knots (p, 3, n), of which the first and last count beyond them, at ascending times (t,): out (t, n).
void between(Knots k, const double *time, index_t count, double *out) {
    index_t i = 0;
    for (index_t t = 0; t < count; ++t, out += k.n) {
        while (i + 1 < k.count && k.times[i + 1] <= time[t]) ++i;
        const double *from = k.states + 3 * k.n * i, *to = from + 3 * k.n;
        if (i + 1 == k.count || time[t] <= k.times[i]) {
            copy(from, k.n, out);
            continue;
        }
        const double h = k.times[i + 1] - k.times[i], x = (time[t] - k.times[i]) / h, y = 1 - x, x3 = x * x * x, y3 = y * y * y;
        const double w1 = x3 * (1 + y * (3 + 6 * y)), w0 = 1 - w1;
        const double v0 = h * x * y3 * (1 + 3 * x), v1 = -h * y * x3 * (1 + 3 * y);
        const double a0 = h * h / 2 * x * x * y3, a1 = h * h / 2 * y * y * x3;
#pragma omp simd
        for (index_t l = 0; l < k.n; ++l)
            out[l] = w0 * from[l] + w1 * to[l] + v0 * from[k.n + l] + v1 * to[k.n + l] + a0 * from[2 * k.n + l] +
                     a1 * to[2 * k.n + l];
    }
}

} // namespace
