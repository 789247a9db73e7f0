// Motion of which some states are far faster than the others: clamped op-amps, whose diode paths or rails are a hundred times
// as stiff as a loop. In coordinates in which the two are on their own,
//
//     fast = z_f - X z_s ,   slow = z_s - Y fast ,   D X = X (A + B X) - C ,   Y (D - X B) = B + (A + B X) Y
//
// for F = (A, B; C, D), what is slow is followed by Taylor series over whole steps and asks for no exponential while steps are
// few; those of what is fast are of few states. X and Y come from iterations that converge as the ratio of the rates.
// States that decay by themselves, all at one rate, are one slow state: stages behind op-amps that are clamped.

namespace {

constexpr index_t many = 48;             // states whose matrices cost more than series even where none is fast; fewer are not split
constexpr double rates_apart = 16;       // of the slowest fast state and the fastest slow one, by their diagonal
constexpr int rounds_to_split = 60;          // of an iteration
constexpr double converged = 1e-15;      // of the largest entry: change in a round
constexpr double series_reach = 6;       // times 1 / |A|: the longest step that a series is taken over
constexpr int most_terms = 44;           // 6^43 / 43! = 5e-20
constexpr double last_term = 1e-17;      // of the largest one of motion

// Which inputs reach each four rows of a left factor (m, inner): many entries are zero, as those between stages.
struct Reach {
    index_t *inputs, *counts; // (m / 4, inner), (m / 4,)

    Reach(const double *A, index_t stride, index_t m, index_t inner, double *scratch)
        : inputs(reinterpret_cast<index_t *>(scratch)), counts(inputs + m / 4 * inner) {
        for (index_t g = 0; g < m / 4; ++g) {
            index_t count = 0;
            for (index_t l = 0; l < inner; ++l) {
                const double *a = A + 4 * g * stride + l;
                if (a[0] != 0 || a[stride] != 0 || a[2 * stride] != 0 || a[3 * stride] != 0) inputs[g * inner + count++] = l;
            }
            counts[g] = count;
        }
    }

    static index_t scratch(index_t m, index_t inner) { return m / 4 * (inner + 1); }
};

// C += A B for A (m, inner) and B (inner, row); m is a multiple of 4.
inline void add_product(const double *A, index_t stride, index_t m, index_t inner, const double *B, index_t row, double *C,
                        const Reach *reach = nullptr) {
    constexpr index_t L = lanes<double>;
    for (index_t i = 0; i < m; i += 4) {
        const index_t *list = reach ? reach->inputs + i / 4 * inner : nullptr, count = reach ? reach->counts[i / 4] : inner;
        for (index_t c = 0; c < row; c += 2 * L) {
            vec<double> sums[4][2];
            for (index_t r = 0; r < 4; ++r) sums[r][0] = load(C + (i + r) * row + c), sums[r][1] = load(C + (i + r) * row + c + L);
            for (index_t e = 0; e < count; ++e) {
                const index_t l = list ? list[e] : e;
                const vec<double> left = load(B + l * row + c), right = load(B + l * row + c + L);
                for (index_t r = 0; r < 4; ++r) {
                    const double a = A[(i + r) * stride + l];
                    sums[r][0] += a * left;
                    sums[r][1] += a * right;
                }
            }
            for (index_t r = 0; r < 4; ++r) store(C + (i + r) * row + c, sums[r][0]), store(C + (i + r) * row + c + L, sums[r][1]);
        }
    }
}

// out = M' z + g for `count` vectors z, `stride` apart, and g and out, `row` apart, for M (n, row).
template <index_t count>
inline void add_mapped(const double *M, index_t n, index_t row, const double *z, index_t stride, const double *g, double *out) {
    constexpr index_t L = lanes<double>;
    for (index_t c = 0; c < row; c += 2 * L) {
        vec<double> sums[count][2];
        for (index_t r = 0; r < count; ++r) sums[r][0] = load(g + r * row + c), sums[r][1] = load(g + r * row + c + L);
        for (index_t j = 0; j < n; ++j) {
            const vec<double> left = load(M + j * row + c), right = load(M + j * row + c + L);
            for (index_t r = 0; r < count; ++r) {
                sums[r][0] += z[r * stride + j] * left;
                sums[r][1] += z[r * stride + j] * right;
            }
        }
        for (index_t r = 0; r < count; ++r) store(out + r * row + c, sums[r][0]), store(out + r * row + c + L, sums[r][1]);
    }
}

// The largest sum of |entries| of an output, of a map (n, row) that has an input a row.
inline double norm_of(const double *map, index_t n, index_t row, double *sums) {
    for (index_t i = 0; i < row; ++i) sums[i] = 0;
    for (index_t j = 0; j < n; ++j)
        for (index_t i = 0; i < row; ++i) sums[i] += absolute(map[j * row + i]);
    return largest(sums, row);
}

// The inverse of D (n, row), which is lost; false where there is none. By Gauss and Jordan, rows exchanged for the largest.
inline bool invert(double *D, index_t n, index_t row, double *inverse) {
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < row; ++j) inverse[i * row + j] = i == j;
    for (index_t i = 0; i < n; ++i) {
        index_t most = i;
        for (index_t r = i + 1; r < n; ++r)
            if (absolute(D[r * row + i]) > absolute(D[most * row + i])) most = r;
        const double pivot = D[most * row + i];
        if (!(absolute(pivot) > 0)) return false;
        for (index_t j = 0; j < row; ++j) {
            const double d = D[most * row + j], v = inverse[most * row + j];
            D[most * row + j] = D[i * row + j], inverse[most * row + j] = inverse[i * row + j];
            D[i * row + j] = d / pivot, inverse[i * row + j] = v / pivot;
        }
        for (index_t r = 0; r < n; ++r) {
            const double by = D[r * row + i];
            if (r == i || by == 0) continue;
            for (index_t j = 0; j < row; ++j) D[r * row + j] -= by * D[i * row + j], inverse[r * row + j] -= by * inverse[i * row + j];
        }
    }
    return true;
}

// The same motion in other coordinates. Maps have an input a row, as `apply` has them; pads are zero.
struct Split {
    const Motion &m;
    const index_t n;
    double *next; // of the scratch
    index_t *const places;                 // the slow states, the fast ones behind them, then those that decay by themselves
    index_t slow = 0, fast = 0, alone = 0; // how many; `slow` with one more for all that decay by themselves
    index_t row = 0, fast_row = 0, signal_row = 0;
    double decay = 0, *weight = nullptr, *level = nullptr;                         // z = level + weight x that one
    double *A = nullptr, *D = nullptr, *X = nullptr, *Y = nullptr;                 // in the new coordinates
    double *f = nullptr, *g = nullptr, *B = nullptr, *E = nullptr, *c = nullptr;   // of slow and fast; signals of either
    double norm = 0, fast_norm = 0;

    Split(const Motion &motion, double *scratch)
        : m(motion), n(motion.n), next(scratch), places(reinterpret_cast<index_t *>(take(motion.n))) {}

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

    double entry(index_t to, index_t from) const { return m.F[to * n + from]; }

    bool decays_alone(index_t i) const {
        for (index_t j = 0; j < n; ++j)
            if (j != i && entry(i, j) != 0) return false;
        return entry(i, i) < 0;
    }

    // The largest sum of |entries| in a row, of states from places of some range to those of another.
    double norm_between(index_t to, index_t to_end, index_t from, index_t from_end) const {
        double most = 0;
        for (index_t i = to; i < to_end; ++i) {
            double sum = 0;
            for (index_t j = from; j < from_end; ++j) sum += absolute(entry(places[i], places[j]));
            if (sum > most) most = sum;
        }
        return most;
    }

    // How fast the first states are at most while the others, of `rate`, follow them: |A| + |B| |C| / rate.
    double slowed(index_t first, index_t count, double rate) const {
        return norm_between(0, first, 0, first) + norm_between(0, first, first, count) * norm_between(first, count, 0, first) / rate;
    }

    // Whether there is anything to split: the fewest states whose diagonal is far above all that the others are.
    bool sort() {
        double *kind = zeros(n);
        for (index_t i = 0; i < n; ++i)
            if (decays_alone(i) && (decay == 0 || entry(i, i) == decay)) kind[i] = 1, decay = entry(i, i), ++alone;
        if (alone > 1 && choose(kind) && (fast == 0 || absolute(decay) * rates_apart <= least_fast())) return true;
        for (index_t i = 0; i < n; ++i) kind[i] = 0;
        alone = 0;
        return choose(kind);
    }

    double least_fast() const { return absolute(entry(places[slow], places[slow])); }

    bool choose(const double *kind) {
        index_t count = 0;
        for (index_t i = 0; i < n; ++i) {
            if (kind[i] != 0) continue;
            index_t at = count++;
            for (; at > 0 && absolute(entry(places[at - 1], places[at - 1])) > absolute(entry(i, i)); --at) places[at] = places[at - 1];
            places[at] = i;
        }
        slow = count, fast = 0;
        for (index_t i = count - 1; i > 0 && fast == 0; --i) {
            const double below = absolute(entry(places[i - 1], places[i - 1])), above = absolute(entry(places[i], places[i]));
            if (above >= rates_apart * below && above >= rates_apart * slowed(i, count, above)) fast = count - i, slow = i;
        }
        for (index_t i = 0; i < n; ++i)
            if (kind[i] != 0) places[count++] = i;
        return fast > 0 || n >= many;
    }

    // In the new coordinates; false where the two kinds are not far enough apart.
    bool divide() {
        const index_t s = slow, own = s + (alone > 0);
        row = motion_row(own), fast_row = motion_row(fast), signal_row = motion_row(m.q);
        A = zeros(row * row), D = zeros(fast_row * fast_row), X = zeros(row * fast_row), Y = zeros(fast_row * row);
        f = zeros(row), g = zeros(fast_row), c = zeros(signal_row);
        B = zeros(row * signal_row), E = zeros(fast_row * signal_row);
        weight = zeros(n), level = zeros(n);
        double *across = zeros(fast_row * row), *back = zeros(row * fast_row);
        gather(across, back);
        if (fast > 0 ? !separate(across, back) : !((norm = norm_of(A, own, row, zeros(row))) > 0)) return false;
        slow = own;
        return true;
    }

    // A, D and what is between them, constants and signals, of the states as they are sorted.
    void gather(double *across, double *back) {
        const index_t s = slow, *fasts = places + s, *alones = fasts + fast;
        for (index_t a = 0; a < alone; ++a) level[alones[a]] = -m.f[alones[a]] / decay, weight[alones[a]] = m.z[alones[a]] - level[alones[a]];
        for (index_t i = 0; i < s; ++i) {
            for (index_t j = 0; j < s; ++j) A[j * row + i] = entry(places[i], places[j]);
            for (index_t j = 0; j < fast; ++j) across[j * row + i] = entry(places[i], fasts[j]);
            f[i] = m.f[places[i]];
        }
        for (index_t i = 0; i < fast; ++i) {
            for (index_t j = 0; j < s; ++j) back[j * fast_row + i] = entry(fasts[i], places[j]);
            for (index_t j = 0; j < fast; ++j) D[j * fast_row + i] = entry(fasts[i], fasts[j]);
            g[i] = m.f[fasts[i]];
        }
        for (index_t i = 0; i < m.q; ++i) {
            const double *b = m.B + i * n;
            for (index_t j = 0; j < s; ++j) B[j * signal_row + i] = b[places[j]];
            for (index_t j = 0; j < fast; ++j) E[j * signal_row + i] = b[fasts[j]];
            c[i] = m.c[i];
        }
        for (index_t a = 0; a < alone; ++a) {
            const index_t j = alones[a];
            const double w = weight[j], own = level[j];
            for (index_t i = 0; i < s; ++i) A[s * row + i] += entry(places[i], j) * w, f[i] += entry(places[i], j) * own;
            for (index_t i = 0; i < fast; ++i) back[s * fast_row + i] += entry(fasts[i], j) * w, g[i] += entry(fasts[i], j) * own;
            for (index_t i = 0; i < m.q; ++i) B[s * signal_row + i] += m.B[i * n + j] * w, c[i] += m.B[i * n + j] * own;
        }
        if (alone > 0) A[s * row + s] = decay;
    }

    bool separate(const double *across, const double *back) {
        const index_t own = slow + (alone > 0), size = row * fast_row;
        double *inverse = zeros(fast_row * fast_row), *work = zeros(size), *moved = zeros(size);
        double *copied = zeros(fast_row * fast_row);
        copy(D, fast_row * fast_row, copied);
        if (!invert(copied, fast, fast_row, inverse)) return false;
        const Reach of_slow(A, row, row, own, take(Reach::scratch(row, own)));
        const Reach of_fast(across, row, fast_row, own, take(Reach::scratch(fast_row, own)));
        // X = D^-1 (X A + X B X - C)
        const auto better_x = [&](double *out) {
            for (index_t l = 0; l < fast_row * fast_row; ++l) copied[l] = 0;
            add_product(across, row, fast_row, own, X, fast_row, copied, &of_fast);
            for (index_t l = 0; l < size; ++l) work[l] = -back[l], out[l] = 0;
            add_product(X, fast_row, row, fast, copied, fast_row, work);
            add_product(A, row, row, own, X, fast_row, work, &of_slow);
            add_product(work, fast_row, row, fast, inverse, fast_row, out);
        };
        if (!iterate(X, moved, size, better_x)) return false;
        add_product(X, fast_row, row, fast, across, row, A);
        for (index_t l = 0; l < fast_row * fast_row; ++l) copied[l] = 0;
        add_product(across, row, fast_row, own, X, fast_row, copied);
        for (index_t l = 0; l < fast_row * fast_row; ++l) D[l] -= copied[l];
        copy(D, fast_row * fast_row, copied);
        if (!invert(copied, fast, fast_row, inverse)) return false;
        // Y = (B + A Y) D^-1
        const auto better_y = [&](double *out) {
            copy(across, size, work);
            for (index_t l = 0; l < size; ++l) out[l] = 0;
            add_product(Y, row, fast_row, own, A, row, work);
            add_product(inverse, fast_row, fast_row, fast, work, row, out);
        };
        if (!iterate(Y, moved, size, better_y)) return false;
        apply_less(X, own, fast_row, f, g);
        apply_less(Y, fast, row, g, f);
        add_product(X, fast_row, row, fast, E, signal_row, B);
        add_product(Y, row, fast_row, own, B, signal_row, E);
        norm = norm_of(A, own, row, work), fast_norm = norm_of(D, fast, fast_row, work);
        return true;
    }

    template <class Better> static bool iterate(double *values, double *moved, index_t size, Better better) {
        double before = 0;
        for (int round = 0; round < rounds_to_split; ++round) {
            better(moved);
            double change = 0, most = 0;
#pragma omp simd reduction(max : change, most)
            for (index_t l = 0; l < size; ++l) {
                const double by = absolute(moved[l] - values[l]), v = absolute(moved[l]);
                change = change < by ? by : change, most = most < v ? v : most;
            }
            copy(moved, size, values);
            if (!(most < run_away)) return false;
            if (change <= converged * most) return true;
            // The next change is smaller by as much as this one is than the last.
            if (round > 1 && change < 0.25 * before && change * change <= 0.1 * converged * most * before) return true;
            if (round > 1 && change > 0.25 * before) return change <= 16 * converged * most;
            before = change;
        }
        return false;
    }

    // v -= M' z for M (rows, columns).
    static void apply_less(const double *M, index_t rows, index_t columns, const double *z, double *v) {
        for (index_t j = 0; j < rows; ++j)
            for (index_t i = 0; i < columns; ++i) v[i] -= z[j] * M[j * columns + i];
    }

    // Slow and fast states where the motion begins.
    void begin(double *y, double *v) const {
        for (index_t i = 0; i < slow - (alone > 0); ++i) y[i] = m.z[places[i]];
        if (alone > 0) y[slow - 1] = 1;
        for (index_t i = 0; i < fast; ++i) v[i] = m.z[places[slow - (alone > 0) + i]];
        apply_less(X, slow, fast_row, y, v);
        apply_less(Y, fast, row, v, y);
    }

    // All states and `count - 1` of their derivatives z (count, n), from slow ones y (count, row) and fast ones v (count, fast_row);
    // `work` takes as many numbers as both.
    template <index_t count> void back(const double *y, const double *v, double *work, double *z) const {
        double *s = work, *d = work + count * row;
        add_mapped<count>(Y, fast, row, v, fast_row, y, s);
        add_mapped<count>(X, slow, fast_row, s, row, v, d);
        const index_t own = slow - (alone > 0), *fasts = places + own, *alones = fasts + fast;
        for (index_t r = 0; r < count; ++r, s += row, d += fast_row, z += n) {
            for (index_t i = 0; i < own; ++i) z[places[i]] = s[i];
            for (index_t i = 0; i < fast; ++i) z[fasts[i]] = d[i];
            for (index_t a = 0; a < alone; ++a) z[alones[a]] = (r > 0 ? 0 : level[alones[a]]) + weight[alones[a]] * s[own];
        }
    }

    static index_t scratch(index_t n, index_t q) {
        const index_t r = motion_row(n + 1), signals = motion_row(q);
        return r * r * 16 + 2 * r * signals + 8 * r + signals + 2 * Reach::scratch(r, n + 1);
    }
};

// A map (n, row) for series, whose zeros are left out: what is on a few diagonals, as op-amps' own decay and stages that follow
// one another, and the rest as a dense map from some inputs to some blocks of outputs.
struct Blocks {
    static constexpr index_t unit = motion_unit, most_diagonals = 3;
    const double *const map;
    const index_t n, row, blocks;
    index_t inputs = 0, outputs = 0;                       // of the dense map: inputs and blocks
    index_t *const input, *const output, *const diagonals; // which; number of diagonals of each block
    index_t *const offset;                                 // (blocks, most_diagonals): from the output's number to the input's
    double *const own, *const dense, *const reached;       // (blocks, most_diagonals, unit), (inputs, outputs unit), (inputs,)

    Blocks(const double *M, index_t of, index_t of_row, double *scratch)
        : map(M), n(of), row(of_row), blocks(of_row / unit), input(reinterpret_cast<index_t *>(scratch)), output(input + n),
          diagonals(output + blocks), offset(diagonals + blocks), own(scratch + n + (2 + most_diagonals) * blocks),
          dense(own + most_diagonals * row), reached(dense + (n + 1) * row) {
        for (index_t l = 0; l < most_diagonals * row; ++l) own[l] = 0;
        for (index_t j = 0; j < n; ++j) reached[j] = 0;
        for (index_t b = 0; b < blocks; ++b) {
            diagonals[b] = 0;
            bool any = false;
            for (index_t j = 0; j < n; ++j) {
                const index_t l = lone(j, b);
                if (l < unit ? !placed(b, l, j) : l == unit) reached[j] = 1, any = true;
            }
            if (any) output[outputs++] = b;
        }
        for (index_t j = 0; j < n; ++j)
            if (reached[j] > 0) input[inputs++] = j;
        for (index_t e = 0; e < inputs; ++e)
            for (index_t o = 0; o < outputs; ++o) fill(input[e], output[o], dense + (e * outputs + o) * unit);
        for (index_t l = 0; l < outputs * unit; ++l) dense[inputs * outputs * unit + l] = 0; // inputs go in pairs
        reached[inputs] = 0;
    }

    double entry(index_t j, index_t b, index_t l) const { return map[j * row + b * unit + l]; }

    // The one output of block b that input j reaches; `unit`: several; beyond: none.
    index_t lone(index_t j, index_t b) const {
        index_t found = unit + 1;
        for (index_t l = 0; l < unit; ++l)
            if (entry(j, b, l) != 0) found = found > unit ? l : unit;
        return found;
    }

    // Which diagonal of block b the entry is on, or how many there are.
    index_t diagonal(index_t b, index_t l, index_t j) const {
        index_t d = 0;
        while (d < diagonals[b] && offset[b * most_diagonals + d] != j - b * unit - l) ++d;
        return d;
    }

    bool placed(index_t b, index_t l, index_t j) {
        const index_t d = diagonal(b, l, j), first = j - l;
        if (first < 0 || first + unit > row || d == most_diagonals) return false;
        if (d == diagonals[b]) offset[b * most_diagonals + diagonals[b]++] = j - b * unit - l;
        own[(b * most_diagonals + d) * unit + l] = entry(j, b, l);
        return true;
    }

    void fill(index_t j, index_t b, double *to) const {
        const index_t l = lone(j, b);
        copy(map + j * row + b * unit, unit, to);
        if (l < unit && diagonal(b, l, j) < diagonals[b]) to[l] = 0;
    }

    static index_t scratch(index_t n) {
        const index_t r = motion_row(n), b = r / unit;
        return 2 * n + 1 + (2 + most_diagonals) * b + (n + 1 + most_diagonals) * r;
    }

    // out = share M' z; pads of z are zero.
    void apply_to(const double *z, double share, double *out) const {
        constexpr index_t L = lanes<double>;
        for (index_t b = 0; b < blocks; ++b) {
            vec<double> left = {}, right = {};
            for (index_t d = 0; d < diagonals[b]; ++d) {
                const double *from = z + b * unit + offset[b * most_diagonals + d], *by = own + (b * most_diagonals + d) * unit;
                left += load(by) * load(from), right += load(by + L) * load(from + L);
            }
            store(out + b * unit, share * left), store(out + b * unit + L, share * right);
        }
        for (index_t e = 0; e < inputs; ++e) reached[e] = share * z[input[e]];
        index_t o = 0;
        for (; o + 1 < outputs; o += 2) add<2>(o, out);
        if (o < outputs) add<1>(o, out);
    }

    // What the dense map adds to `count` of its blocks, from the one with number o on.
    template <index_t count> void add(index_t o, double *out) const {
        constexpr index_t L = lanes<double>, vectors = 2 * count;
        vec<double> even[vectors], odd[vectors]; // zeroed they would pass through memory
        const double *map = dense + o * unit;
        const index_t stride = outputs * unit;
        for (index_t v = 0; v < vectors; ++v)
            even[v] = reached[0] * load(map + v * L), odd[v] = reached[1] * load(map + stride + v * L);
        for (index_t e = 2; e < inputs; e += 2) {
            map += 2 * stride;
            for (index_t v = 0; v < vectors; ++v)
                even[v] += reached[e] * load(map + v * L), odd[v] += reached[e + 1] * load(map + stride + v * L);
        }
        for (index_t v = 0; v < vectors; ++v) {
            double *to = out + output[o + v / 2] * unit + v % 2 * L;
            store(to, load(to) + (even[v] + odd[v]));
        }
    }
};

// Terms of the motion from z on over h: value h^p / p! of each derivative; returns how many there are. From the place alone, so
// that no error of one step is left in the next.
inline int series(const Blocks &M, const double *constant, const double *z, double h, double *terms) {
    const index_t row = M.row;
    M.apply_to(z, h, terms + row);
    for (index_t l = 0; l < row; ++l) terms[l] = z[l], terms[row + l] += h * constant[l];
    double most = largest(terms + row, row);
    int p = 2;
    for (; p < most_terms; ++p) {
        double *term = terms + p * row;
        M.apply_to(term - row, h / p, term);
        const double size = largest(term, row);
        if (p > 2 && size <= last_term * most) break;
        if (size > most) most = size;
    }
    return p;
}

// The knot at the share x of h.
inline void evaluate(const double *terms, int count, index_t row, double x, double h, double *knot) {
    constexpr index_t L = lanes<double>;
    for (index_t l = 0; l < row; l += L) {
        vec<double> z = load(terms + (count - 1) * row + l), v = {}, a = {};
        for (int p = count - 2; p >= 0; --p) a = a * x + v, v = v * x + z, z = z * x + load(terms + p * row + l);
        store(knot + l, z), store(knot + row + l, v / h), store(knot + 2 * row + l, 2 * a / (h * h));
    }
}

struct SplitSteps {
    const Split &s;
    double *next; // of the scratch
    Steps slow, fast;
    const Blocks slow_map, fast_map;
    int base = 0;         // the slow maps' first level
    index_t *const read; // the one state that each signal reads; none where some signal reads several
    bool single = true;
    double *const terms, *const fast_terms, *const signals, *const sums, *const work, *const zero;

    // Slow and fast knots beside one another, and all states.
    struct Knot {
        double *slow, *fast, *z;
    };

    SplitSteps(const Split &split, Motion of_slow, Motion of_fast, double *scratch)
        : s(split), next(scratch), slow(of_slow, take(follow_scratch(of_slow.n, 0))), fast(of_fast, take(follow_scratch(of_fast.n, 0))),
          slow_map(s.A, s.slow, s.row, take(Blocks::scratch(s.slow))), fast_map(s.D, s.fast, s.fast_row, take(Blocks::scratch(s.fast))),
          read(reinterpret_cast<index_t *>(take(s.m.q))), terms(take(most_terms * s.row)), fast_terms(take(most_terms * s.fast_row)),
          signals(take((degree + 1) * s.signal_row)), sums(take(s.signal_row)), work(take(3 * (s.row + s.fast_row))),
          zero(take(s.row + s.fast_row + s.signal_row)) {
        for (index_t l = 0; l < s.row + s.fast_row + s.signal_row; ++l) zero[l] = 0;
        for (index_t i = 0; i < s.m.q; ++i) {
            index_t count = 0;
            for (index_t j = 0; j < s.n; ++j)
                if (s.m.B[i * s.n + j] != 0) read[i] = j, ++count;
            single = single && count == 1;
        }
        const double reach = first_step / s.norm;
        if (s.fast == 0) fast.h = reach;
        while (base < longest_guess && 2 * length(base) <= reach) ++base;
        slow.h = length(base);
    }

    double *take(index_t numbers) {
        double *p = next;
        next += numbers;
        return p;
    }

    static index_t scratch(index_t n, index_t q) {
        const index_t r = motion_row(n + 1), signals = motion_row(q);
        return 2 * follow_scratch(n + 1, 0) + 2 * Blocks::scratch(n + 1) + r * (2 * most_terms + 10) + signals * (degree + 3) + 3 * (6 * r + 3 * n) + q;
    }

    Knot knot() {
        Knot k{take(3 * s.row), take(3 * s.fast_row), take(3 * s.n)};
        for (double *p = k.slow; p < next; ++p) *p = 0;
        return k;
    }

    void begin(Knot here) const {
        s.begin(here.slow, here.fast);
        apply<1>(s.A, s.slow, s.row, here.slow, s.f, here.slow + s.row);
        apply<1>(s.A, s.slow, s.row, here.slow + s.row, zero, here.slow + 2 * s.row);
        apply<1>(s.D, s.fast, s.fast_row, here.fast, s.g, here.fast + s.fast_row);
        apply<1>(s.D, s.fast, s.fast_row, here.fast + s.fast_row, zero, here.fast + 2 * s.fast_row);
        show<3>(here);
    }

    // See `guess_level`.
    int first_level(Knot here) const {
        const double v = largest(here.z + s.n, s.n), a = largest(here.z + 2 * s.n, s.n);
        int level = 1;
        while (v > 0 && level < longest_guess && 3 * length(level + 1) * a < v) ++level;
        return level;
    }

    double length(int level) const { return fast.length(level); }

    bool by_maps(int level) const { return length(level) * s.norm > series_reach; }

    void prepare(int level, Stop stop) {
        fast.prepare(level, stop);
        if (by_maps(level)) slow.prepare(level - base, stop);
    }

    // max |1 + D| of a step; of one by a series the motion is never over.
    double size(int level) const {
        if (!by_maps(level)) return 1;
        const double a = slow.size[level - base], b = fast.size[level];
        return a < b ? b : a;
    }

    // Half a step of `level` and the whole of it.
    void step(int level, Knot here, Knot middle, Knot there) {
        if (by_maps(level)) {
            slow.step(level - 1 - base, here.slow, middle.slow);
            slow.step(level - 1 - base, middle.slow, there.slow);
        } else {
            const double h = length(level);
            const int count = series(slow_map, s.f, here.slow, h, terms);
            evaluate(terms, count, s.row, 0.5, h, middle.slow);
            evaluate(terms, count, s.row, 1, h, there.slow);
        }
        fast.step(level - 1, here.fast, middle.fast);
        fast.step(level - 1, middle.fast, there.fast);
        show<1>(middle);
        show<3>(there);
    }

    // All states of a knot, with so many of them and their derivatives.
    template <index_t count> void show(Knot k) const { s.back<count>(k.slow, k.fast, work, k.z); }

    bool beyond(Knot k) const {
        apply<1>(s.B, s.slow, s.signal_row, k.slow, s.c, signals);
        apply<1>(s.E, s.fast, s.signal_row, k.fast, signals, signals);
        return s.m.q > 0 && highest(signals, s.m.q) > 0;
    }

    // The same of a knot whose states are shown.
    bool passed(Knot k) const {
        if (!single) return beyond(k);
        double most = -1;
        for (index_t i = 0; i < s.m.q; ++i) {
            const double signal = s.m.B[i * s.n + read[i]] * k.z[read[i]] + s.m.c[i];
            most = most < signal ? signal : most;
        }
        return most > 0;
    }

    void move(Knot from, Knot to) const {
        copy(from.slow, 3 * s.row, to.slow);
        copy(from.fast, 3 * s.fast_row, to.fast);
    }

    // See `Steps::cross`.
    double cross(int level, Knot here, Knot half) {
        double time = 0;
        while (level > 0 && by_maps(level)) {
            --level;
            slow.step(level - base, here.slow, half.slow);
            fast.step(level, here.fast, half.fast);
            if (!beyond(half)) move(half, here), time += length(level);
        }
        const double whole = length(level);
        const int count = series(slow_map, s.f, here.slow, whole, terms);
        double at = 0;
        while (level-- > 0) {
            const double then = at + length(level);
            evaluate(terms, count, s.row, then / whole, whole, half.slow);
            fast.step(level, here.fast, half.fast);
            if (!beyond(half)) move(half, here), at = then;
        }
        time += at + cross_first(here);
        show<3>(here);
        return time;
    }

    // See `Steps::cross_first`; moves the knot there and returns after how long.
    double cross_first(Knot here) {
        const double h = length(0);
        const index_t row = s.signal_row;
        const int slow_count = series(slow_map, s.f, here.slow, h, terms);
        const int fast_count = series(fast_map, s.g, here.fast, h, fast_terms);
        double low = 0, high = 1;
        for (int p = 0; p <= degree; ++p) {
            double *to = signals + p * row;
            if (p < slow_count) apply<1>(s.B, s.slow, row, terms + p * s.row, p == 0 ? s.c : zero, to);
            else copy(zero, row, to);
            if (p < fast_count) apply<1>(s.E, s.fast, row, fast_terms + p * s.fast_row, to, to);
        }
        for (int round = 0; round < bisections; ++round) {
            const double middle = (low + high) / 2;
            polynomials(signals, row, middle, sums);
            (highest(sums, s.m.q) > 0 ? high : low) = middle;
        }
        polynomials(signals, row, high, sums);
        copy(sums, row, signals);
        evaluate(terms, slow_count, s.row, high, h, here.slow);
        evaluate(fast_terms, fast_count, s.fast_row, high, h, here.fast);
        return high * h;
    }
};

inline Outcome follow_steps(SplitSteps &steps, Motion m, double *end, std::uint8_t *crossed, Sink sink) {
    SplitSteps::Knot here = steps.knot(), there = steps.knot(), middle = steps.knot();
    const auto leave = [&](const double *z, Outcome outcome) {
        const double first = m.q > 0 ? highest(steps.signals, m.q) : 0; // has passed, whatever rounding says
        for (index_t i = 0; i < m.q; ++i)
            crossed[i] = outcome == Outcome::crossed && (steps.signals[i] > 0 || steps.signals[i] == first);
        copy(z, m.n, end);
        return outcome;
    };
    const auto keep = [&](double time, const double *z) { sink.take(sink.to, time, z, m.n); };
    double time = 0, scale = m.scale;
    steps.begin(here);
    keep(time, here.z);
    if (steps.beyond(here)) return leave(here.z, Outcome::crossed);
    int level = steps.first_level(here);
    for (index_t count = 0; count < most_steps;) {
        steps.prepare(level, m.stop);
        if (m.stop()) return Outcome::endless;
        steps.step(level, here, middle, there);
        const double h = steps.length(level), reached = largest(there.z, m.n);
        if (!(reached < run_away)) return leave(here.z, Outcome::endless);
        if (reached > scale) scale = reached;
        const double error = bend(here.z, middle.z, there.z, h, m.n, m.n);
        if (error > m.tolerance * scale && level > 1) {
            --level;
            continue;
        }
        const bool early = steps.passed(middle);
        if (early || steps.passed(there)) {
            steps.move(early ? here : middle, there);
            time += (early ? 0 : h / 2) + steps.cross(level - 1, there, middle);
            keep(time, there.z);
            return leave(there.z, Outcome::crossed);
        }
        time += h;
        keep(time, there.z);
        if (time >= m.longest) return leave(there.z, Outcome::outlasted);
        const double size = steps.size(level);
        if (size < at_rest) return leave(there.z, Outcome::rested);
        if (!(size < run_away) || level + 1 == doublings) return leave(there.z, Outcome::endless);
        if (64 * error <= m.tolerance * scale) ++level;
        ++count;
        const SplitSteps::Knot left = here;
        here = there;
        there = left;
    }
    return leave(here.z, Outcome::endless);
}

index_t follow_split_scratch(index_t n, index_t q) {
    const index_t split = Split::scratch(n, q) + SplitSteps::scratch(n, q), plain = follow_scratch(n, q);
    return split > plain ? split : plain;
}

Outcome follow_split(Motion m, double *end, std::uint8_t *crossed, Sink sink, double *scratch) {
    Split split(m, scratch);
    if (m.n < many || !split.sort() || !split.divide()) return follow(m, end, crossed, sink, scratch);
    const auto turned = [&split](const double *map, index_t n, index_t row) { // as `Motion` has it
        double *to = split.take(n * n);
        for (index_t i = 0; i < n; ++i)
            for (index_t j = 0; j < n; ++j) to[i * n + j] = map[j * row + i];
        return to;
    };
    const Motion of_slow{turned(split.A, split.slow, split.row), split.f, nullptr, nullptr, nullptr, split.slow, 0, 0, 0, 0, m.stop};
    const Motion of_fast{turned(split.D, split.fast, split.fast_row), split.g, nullptr, nullptr, nullptr, split.fast, 0, 0, 0, 0, m.stop};
    SplitSteps steps(split, of_slow, of_fast, split.next);
    return follow_steps(steps, m, end, crossed, sink);
}

} // namespace
