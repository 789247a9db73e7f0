// min over x >= 0 of D(b, Ax) + linear'x + x'(l2)x/2 for a block of right-hand sides, one lane each, by Newton steps: the
// quadratic model A'diag(curvature)A is made, some coordinate sweeps lessen it, and the step is cut until the objective
// itself is not above what it was. The Gram matrices of a block are one product, of the pairs a_j a_l with the curvatures.

namespace {

// Right-hand sides side by side: as many as `outer` takes.
template <class T> constexpr index_t side = 2 * lanes<T>;

constexpr index_t depth = 32;   // rows of A at a time
constexpr index_t pair_count = 256; // products a_j a_l at a time, and up to k more

template <class T> struct Newton {
    T *x, *next, *slope, *step; // (k, side)
    T *G;                       // (k (k + 1) / 2, side), upper triangle by rows
    T *tile;                    // (depth, k)
    T *pairs;                   // (depth, pair_count + k)
    T *b, *y, *curvature;       // (depth, side)
};

inline index_t triangle(index_t k) { return k * (k + 1) / 2; }

template <class T> index_t newton_scratch(index_t k) {
    return (4 * k + triangle(k) + 3 * depth) * side<T> + depth * (2 * k + pair_count);
}

template <class T> Newton<T> newton(T *p, index_t k) {
    constexpr index_t S = side<T>;
    Newton<T> s;
    s.x = p, s.next = s.x + k * S, s.slope = s.next + k * S, s.step = s.slope + k * S;
    s.G = s.step + k * S;
    s.b = s.G + triangle(k) * S, s.y = s.b + depth * S, s.curvature = s.y + depth * S;
    s.tile = s.curvature + depth * S;
    s.pairs = s.tile + depth * k;
    return s;
}

// Some right-hand sides: entry i of number j at X[i * row + j * column].
template <class T> struct Strip {
    const T *X;
    index_t row, column, size;
    Patience *patience;
};

// b (rows, side) from row i on; a lane without a right-hand side gets one that is harmless.
template <class T> void fetch(Strip<T> strip, index_t i, index_t rows, T *b) {
    constexpr index_t S = side<T>;
    for (index_t l = 0; l < S; ++l) {
        const T *X = strip.X + i * strip.row + l * strip.column;
        for (index_t r = 0; r < rows; ++r) b[r * S + l] = l < strip.size ? X[r * strip.row] : T(1);
    }
}

// y (rows, side) = A x from row i on, for A' (k, m).
template <class T> void modelled(const T *A, index_t m, index_t k, index_t i, index_t rows, const T *x, T *y) {
    for (index_t l = 0; l < rows * side<T>; ++l) y[l] = 0;
    outer_rows(x, side<T>, A + i, m, rows, k, y, side<T>);
}

// G += the products of pairs with the curvatures of `rows` rows.
template <class T> void add_grams(const Newton<T> &s, index_t k, index_t rows) {
    for (index_t j = 0, done = 0; j < k;) {
        index_t end = j, count = 0;
        for (; end < k && count < pair_count; ++end) count += k - end;
        for (index_t r = 0; r < rows; ++r) {
            const T *a = s.tile + r * k;
            T *pair = s.pairs + r * count;
            for (index_t p = j; p < end; pair += k - p, ++p)
                for (index_t l = p; l < k; ++l) pair[l - p] = a[p] * a[l];
        }
        outer_rows(s.curvature, side<T>, s.pairs, count, count, rows, s.G + done * side<T>, side<T>);
        done += count;
        j = end;
    }
}

template <class T> void penalty(Smooth<T> p, const T *x, Value *value) {
    for (index_t j = 0; j < p.k; ++j)
        for (index_t l = 0; l < side<T>; ++l) {
            const double v = x[j * side<T> + l];
            value[l].finite += v * (double(p.mass[j]) + p.linear[j] + v * p.l2[j] / 2);
        }
}

// The objective at x, and with `model` its slope and Gram matrices there.
template <class L, class T>
void evaluate(Strip<T> strip, index_t m, const T *A, Smooth<T> p, const T *x, const Newton<T> &s, bool model, Value *value) {
    constexpr index_t S = side<T>, N = lanes<T>;
    const index_t k = p.k;
    for (index_t l = 0; l < S; ++l) value[l] = {0, 0};
    for (index_t l = 0; model && l < k * S; ++l) s.step[l] = 0;
    for (index_t l = 0; model && l < triangle(k) * S; ++l) s.G[l] = 0;
    for (index_t i = 0; i < m; i += depth) {
        const index_t rows = smaller(m - i, depth);
        if (strip.patience->ends(rows * S * k * (model ? k / 2 + 1 : 1))) return;
        fetch(strip, i, rows, s.b);
        modelled(A, m, k, i, rows, x, s.y);
        vec<T> finite[2] = {}, lost[2] = {};
        for (index_t l = 0; l < rows * S; l += N) {
            const vec<T> b = load(s.b + l), y = load(s.y + l);
            const Point<T> point = add_point<L, T>(b, y, finite[l / N % 2], lost[l / N % 2]);
            if (!model) continue;
            store(s.y + l, point.pull);
            store(s.curvature + l, point.curvature);
        }
        for (index_t l = 0; l < S; ++l) value[l].finite += finite[l / N][l % N], value[l].lost += lost[l / N][l % N];
        if (!model) continue;
        for (index_t j = 0; j < k; ++j)
            for (index_t r = 0; r < rows; ++r) s.tile[r * k + j] = A[j * m + i + r];
        outer_rows(s.y, S, s.tile, k, k, rows, s.step, S);
        add_grams(s, k, rows);
    }
    for (index_t j = 0; model && j < k; ++j)
        for (index_t l = 0; l < S; ++l) {
            s.slope[j * S + l] = p.mass[j] + p.linear[j] + p.l2[j] * x[j * S + l] - s.step[j * S + l];
            s.G[(triangle(k) - triangle(k - j)) * S + l] += p.l2[j];
        }
}

// Coordinate sweeps on the quadratic model, from x to next; the slope is kept up to date.
template <class T> void lessen_model(const Newton<T> &s, index_t k, index_t sweeps) {
    constexpr index_t S = side<T>;
    for (index_t l = 0; l < k * S; ++l) s.next[l] = s.x[l];
    for (index_t round = 0; round < sweeps; ++round)
        for (index_t j = 0; j < k; ++j) {
            const T *row = s.G + (triangle(k) - triangle(k - j)) * S;
            T change[S];
#pragma omp simd
            for (index_t l = 0; l < S; ++l) {
                T to = s.next[j * S + l] - s.slope[j * S + l] / row[l];
                to = row[l] > T(0) && to > T(0) ? to : T(0); // without curvature nothing known pulls at x_j
                change[l] = to - s.next[j * S + l];
                s.next[j * S + l] = to;
            }
            for (index_t i = 0; i < k; ++i) {
                const T *g = i < j ? s.G + (triangle(k) - triangle(k - i) + j - i) * S : row + (i - j) * S;
#pragma omp simd
                for (index_t l = 0; l < S; ++l) s.slope[i * S + l] += g[l] * change[l];
            }
        }
}

// next <- x + step / 4^n where that is needed for the objective not to rise; x <- next. before <- the objective there.
template <class L, class T>
void walk(Strip<T> strip, index_t m, const T *A, Smooth<T> p, const Newton<T> &s, Value *before) {
    constexpr index_t S = side<T>;
    for (index_t l = 0; l < p.k * S; ++l) s.step[l] = s.next[l] - s.x[l];
    T share[S];
    for (index_t l = 0; l < S; ++l) share[l] = 1;
    Value after[S];
    for (index_t cut = 0; cut <= most_cuts; ++cut) {
        evaluate<L>(strip, m, A, p, s.next, s, false, after);
        Value whole[S];
        for (index_t l = 0; l < S; ++l) whole[l] = after[l];
        penalty(p, s.next, whole);
        bool done = true;
        for (index_t l = 0; l < S; ++l)
            if (whole[l].above(before[l])) share[l] = cut + 1 < most_cuts ? share[l] / 4 : T(0), done = false;
        if (done || cut == most_cuts) {
            for (index_t l = 0; l < S; ++l) before[l] = after[l];
            break;
        }
        for (index_t j = 0; j < p.k; ++j)
            for (index_t l = 0; l < S; ++l)
                if (share[l] < T(1)) {
                    const T to = s.x[j * S + l] + share[l] * s.step[j * S + l];
                    s.next[j * S + l] = to > T(0) ? to : T(0);
                }
    }
    for (index_t l = 0; l < p.k * S; ++l) s.x[l] = s.next[l];
}

template <class L, class T>
void newton_block(Strip<T> strip, index_t m, const T *A, Smooth<T> p, Effort effort, const Newton<T> &s, double *fit) {
    constexpr index_t S = side<T>;
    Value value[S];
    for (index_t n = 0; n < effort.steps; ++n) {
        evaluate<L>(strip, m, A, p, s.x, s, true, value);
        if (strip.patience->ends(S * p.k * p.k * effort.sweeps)) return;
        penalty(p, s.x, value);
        lessen_model(s, p.k, effort.sweeps);
        walk<L>(strip, m, A, p, s, value);
    }
    if (effort.steps == 0) evaluate<L>(strip, m, A, p, s.x, s, false, value);
    for (index_t l = 0; l < strip.size; ++l) {
        for (index_t j = 0; j < p.k; ++j) value[l].finite += double(p.mass[j]) * s.x[j * S + l];
        fit[l] = value[l].total();
    }
}

// Right-hand side j has its entry i at X[i * row + j * column]; the factor A' (k, m) and the answer (k, n) are contiguous.
template <class T>
void newton_dense(const T *X, index_t row, index_t column, index_t n, index_t m, const T *A, Smooth<T> p, Loss loss, Effort effort,
                  T *answer, double *fit, Range range, T *scratch) {
    constexpr index_t S = side<T>;
    const Newton<T> s = newton(scratch, p.k);
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += S) {
        const Strip<T> strip{X + begin * column, row, column, smaller(range.end - begin, S), &patience};
        for (index_t j = 0; j < p.k; ++j)
            for (index_t l = 0; l < S; ++l) s.x[j * S + l] = l < strip.size ? answer[j * n + begin + l] : T(1);
        if (loss == itakura_saito)
            newton_block<ItakuraSaito<T>>(strip, m, A, p, effort, s, fit + begin);
        else
            newton_block<KullbackLeibler<T>>(strip, m, A, p, effort, s, fit + begin);
        for (index_t j = 0; j < p.k; ++j)
            for (index_t l = 0; l < strip.size; ++l) answer[j * n + begin + l] = s.x[j * S + l];
    }
}

} // namespace
