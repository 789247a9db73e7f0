// Linear complementarity problems of small order: find x >= 0 with w = Mx - q >= 0 and x'w = 0.
//
// NNLS is the symmetric case (M = A'A, q = A'b). The chip's loop is the general one. Pivoting by blocks (Judice and
// Pires 1994; Kim and Park 2011) ends in a few factorisations on nearly every problem; what it leaves goes to
// Lawson and Hanson's method (symmetric, also when M is singular) or Lemke's (general), which cannot cycle.

namespace {

// Everything a problem of order k needs besides M and q. Rows of the factor are padded to whole vectors, length `row`.
struct Workspace {
    double *factor;  // row * row
    double *tableau; // k * (2 k + 2)
    double *z;       // row, the solution on the set
    double *w;       // row, the gradient
    double *inverse; // row, reciprocals of the pivots
    index_t *set;    // k
    index_t *basis;  // k + 1
    bool *in;        // k
    bool *wrong;     // k
    index_t row;
    Patience patience;
};

inline index_t lcp_scratch(index_t k) {
    const index_t row = padded<double>(k + 1);
    return row * row + k * (2 * k + 2) + 3 * row + 3 * k + 8;
}

inline Workspace workspace(double *p, index_t k, Stop stop) {
    Workspace s;
    s.patience = {stop};
    s.row = padded<double>(k + 1); // a right-hand side stands beside the matrix
    s.factor = p;
    s.tableau = s.factor + s.row * s.row;
    s.z = s.tableau + k * (2 * k + 2);
    s.w = s.z + s.row;
    s.inverse = s.w + s.row;
    s.set = reinterpret_cast<index_t *>(s.inverse + s.row);
    s.basis = s.set + k;
    s.in = reinterpret_cast<bool *>(s.basis + k + 1);
    s.wrong = s.in + k;
    return s;
}

inline double absolute(double v) { return v < 0 ? -v : v; }

constexpr double epsilon = 2.220446049250313e-16;

inline index_t list(const bool *in, index_t k, index_t *set) {
    index_t size = 0;
    for (index_t j = 0; j < k; ++j)
        if (in[j]) set[size++] = j;
    return size;
}

// y[from ..) -= a x[from ..), in whole vectors; what lies before `from` in the first one changes too.
inline void subtract(double a, const double *x, index_t from, index_t end, double *y) {
    constexpr index_t L = lanes<double>;
    for (index_t l = from / L * L; l < end; l += L) store(y + l, load(y + l) - a * load(x + l));
}

// U[i, i ..) = M[set, set], rows padded with zeros; the whole rows where M is not symmetric.
inline void gather_set(const double *M, index_t k, const index_t *set, index_t size, bool whole, Workspace &s) {
    const index_t end = padded<double>(size + 1);
    for (index_t i = 0; i < size; ++i) {
        const double *row = M + set[i] * k;
        double *Ui = s.factor + i * s.row;
        const index_t first = whole ? 0 : i;
        for (index_t j = first / lanes<double> * lanes<double>; j < first; ++j) Ui[j] = 0;
        for (index_t j = first; j < size; ++j) Ui[j] = row[set[j]];
        for (index_t j = size; j < end; ++j) Ui[j] = 0;
    }
}

// U'U = M[set, set], then z <- its inverse times z. False where a pivot is lost to rounding (dependent columns).
inline bool cholesky_solve(const double *M, index_t k, index_t size, Workspace &s) {
    constexpr index_t L = lanes<double>;
    const index_t end = padded<double>(size + 1);
    gather_set(M, k, s.set, size, false, s);
    for (index_t i = 0; i < size; ++i) s.factor[i * s.row + size] = s.z[i]; // eliminated along with the matrix
    for (index_t p = 0; p < size; ++p) {
        const double *Up = s.factor + p * s.row;
        if (!(Up[p] > 8 * double(size) * epsilon * M[s.set[p] * k + s.set[p]])) return false;
        const double inverse = s.inverse[p] = 1 / Up[p]; // U is kept as D^-1/2 times itself: no square roots
        for (index_t i = p + 1; i < size; ++i) subtract(Up[i] * inverse, Up, i, end, s.factor + i * s.row);
    }
    for (index_t l = 0; l < s.row; l += L) store(s.z + l, vec<double>{});
    for (index_t p = size; p-- > 0;) {
        const double *Up = s.factor + p * s.row;
        vec<double> dot{};
        for (index_t l = p / L * L; l < size; l += L) dot += load(Up + l) * load(s.z + l); // z is zero up to p
        s.z[p] = (Up[size] - sum<double>(dot)) * s.inverse[p];
    }
    return true;
}

// P M[set, set] = L U with partial pivoting, then z <- its inverse times z.
inline bool lu_solve(const double *M, index_t k, index_t size, Workspace &s) {
    const index_t end = padded<double>(size);
    gather_set(M, k, s.set, size, true, s);
    double scale = 0;
    for (index_t i = 0; i < size; ++i)
        for (index_t j = 0; j < size; ++j)
            if (absolute(s.factor[i * s.row + j]) > scale) scale = absolute(s.factor[i * s.row + j]);
    for (index_t p = 0; p < size; ++p) {
        index_t best = p;
        for (index_t i = p + 1; i < size; ++i)
            if (absolute(s.factor[i * s.row + p]) > absolute(s.factor[best * s.row + p])) best = i;
        double *Up = s.factor + p * s.row, *Ub = s.factor + best * s.row;
        if (!(absolute(Ub[p]) > double(size) * epsilon * scale)) return false;
        for (index_t l = 0; best != p && l < end; l += lanes<double>) {
            const vec<double> t = load(Up + l);
            store(Up + l, load(Ub + l));
            store(Ub + l, t);
        }
        const double t = s.z[p];
        s.z[p] = s.z[best];
        s.z[best] = t;
        for (index_t i = p + 1; i < size; ++i) {
            const double factor = s.factor[i * s.row + p] / Up[p];
            subtract(factor, Up, p, end, s.factor + i * s.row);
            s.z[i] -= factor * s.z[p];
        }
    }
    for (index_t p = size; p-- > 0;) {
        const double *Up = s.factor + p * s.row;
        double sum = s.z[p];
        for (index_t j = p + 1; j < size; ++j) sum -= Up[j] * s.z[j];
        s.z[p] = sum / Up[p];
    }
    return true;
}

// z = M[set, set]^-1 q[set]; false if singular.
inline bool solve_set(const double *M, index_t k, const double *q, Method method, index_t size, Workspace &s) {
    for (index_t i = 0; i < size; ++i) s.z[i] = q[s.set[i]];
    return method == general ? lu_solve(M, k, size, s) : cholesky_solve(M, k, size, s);
}

// w = M x - q with x = z on the set and zero elsewhere.
inline void gradient(const double *M, index_t k, const double *q, Method method, index_t size, Workspace &s) {
    for (index_t j = 0; j < k; ++j) s.w[j] = -q[j];
    if (method == general) {
        for (index_t j = 0; j < k; ++j)
            for (index_t i = 0; i < size; ++i) s.w[j] += M[j * k + s.set[i]] * s.z[i];
    } else { // a row of M is a column
        for (index_t i = 0; i < size; ++i) {
            const double *row = M + s.set[i] * k;
            const double z = s.z[i];
#pragma omp simd
            for (index_t j = 0; j < k; ++j) s.w[j] += row[j] * z;
        }
    }
}

inline void scatter(index_t k, index_t size, const Workspace &s, double *x) {
    for (index_t j = 0; j < k; ++j) x[j] = 0;
    for (index_t i = 0; i < size; ++i) x[s.set[i]] = s.z[i] > 0 ? s.z[i] : 0;
}

// Rounding level of w = Mx - q, below which its sign means nothing.
inline double rounding(const double *q, index_t k) {
    return 4 * double(k) * epsilon * largest_lane<double>(larger_magnitudes(vec<double>{}, q, k));
}

inline bool block_pivoting(const double *M, index_t k, const double *q, Method method, double *x, Workspace &s) {
    const double tolerance = rounding(q, k);
    for (index_t j = 0; j < k; ++j) s.in[j] = x[j] > 0 && (method == general || M[j * k + j] > 0);
    index_t fewest = k + 1;
    int patience = 3;
    for (index_t round = 0; round < 4 * k + 16; ++round) {
        const index_t size = list(s.in, k, s.set);
        if (s.patience.ends(size * size * size / 3) || !solve_set(M, k, q, method, size, s)) return false;
        gradient(M, k, q, method, size, s);
        for (index_t i = 0; i < size; ++i) s.w[s.set[i]] = s.z[i] < 0 ? -1 : 0;
        index_t wrong = 0, last = -1;
        for (index_t j = 0; j < k; ++j) {
            s.wrong[j] = s.in[j] ? s.w[j] < 0 : s.w[j] < -tolerance && (method == general || M[j * k + j] > 0);
            if (s.wrong[j]) ++wrong, last = j;
        }
        if (wrong == 0) {
            scatter(k, size, s, x);
            return true;
        }
        bool all = true;
        if (wrong < fewest) {
            fewest = wrong;
            patience = 3;
        } else if (patience > 0) {
            --patience;
        } else {
            all = false;
        }
        for (index_t j = 0; j < k; ++j)
            if (s.wrong[j] && (all || j == last)) s.in[j] = !s.in[j];
    }
    return false;
}

// Lawson and Hanson (1974), on the Gram matrix. A column that depends on the passive ones is passed over.
inline bool lawson_hanson(const double *M, index_t k, const double *q, double *x, Workspace &s) {
    const double tolerance = rounding(q, k);
    for (index_t j = 0; j < k; ++j) x[j] = 0, s.in[j] = false, s.wrong[j] = false, s.w[j] = q[j];
    for (index_t round = 0; round < 8 * k + 16; ++round) {
        index_t enter = -1;
        for (index_t j = 0; j < k; ++j)
            if (!s.in[j] && !s.wrong[j] && s.w[j] > tolerance && (enter < 0 || s.w[j] > s.w[enter])) enter = j;
        if (enter < 0) return true;
        s.in[enter] = true;
        bool accepted = false;
        for (;;) {
            const index_t size = list(s.in, k, s.set);
            if (s.patience.ends(size * size * size / 3)) return false;
            if (!solve_set(M, k, q, symmetric, size, s)) break;
            double alpha = 2;
            index_t leave = -1;
            for (index_t i = 0; i < size; ++i) {
                const index_t j = s.set[i];
                if (s.z[i] > 0) continue;
                if (j == enter && !accepted) {
                    leave = -2; // the gradient said enter, rounding says leave
                    break;
                }
                const double step = x[j] / (x[j] - s.z[i]);
                if (step < alpha) alpha = step, leave = i;
            }
            if (leave == -2) break;
            accepted = true;
            if (leave < 0) {
                scatter(k, size, s, x);
                break;
            }
            for (index_t i = 0; i < size; ++i) {
                const index_t j = s.set[i];
                x[j] += alpha * (s.z[i] - x[j]);
                if (i == leave || x[j] <= 0) x[j] = 0, s.in[j] = false;
            }
        }
        if (!accepted) {
            s.in[enter] = false;
            s.wrong[enter] = true;
            continue;
        }
        for (index_t j = 0; j < k; ++j) {
            s.wrong[j] = false;
            double sum = q[j];
            for (index_t l = 0; l < k; ++l) sum -= M[j * k + l] * x[l];
            s.w[j] = sum;
        }
    }
    return false;
}

// Whether row a leaves before row b: the smaller ratio, ties broken by the columns of the inverse basis, which the
// tableau holds anyway (lexicographic rule; without it a degenerate problem may cycle).
inline bool leaves_first(const double *a, const double *b, index_t k, index_t rhs, index_t enter) {
    const double one = a[rhs] / a[enter], two = b[rhs] / b[enter];
    const double slack = 1e-13 * (absolute(one) + absolute(two));
    if (one < two - slack) return true;
    if (one > two + slack) return false;
    for (index_t j = 0; j < k; ++j) {
        const double p = a[j] / a[enter], q = b[j] / b[enter];
        const double small = 1e-13 * (absolute(p) + absolute(q));
        if (p < q - small) return true;
        if (p > q + small) return false;
    }
    return false;
}

// [w | x | z0 | right-hand side] of w - Mx - z0 = -q, on M and q over their largest entries; the basis is w.
inline void fill_tableau(const double *M, index_t k, double unit, const double *q, double most, Workspace &s) {
    const index_t width = 2 * k + 2;
    for (index_t i = 0; i < k; ++i) {
        double *row = s.tableau + i * width;
        for (index_t j = 0; j < k; ++j) row[j] = i == j, row[k + j] = -M[i * k + j] / unit;
        row[2 * k] = -1;
        row[2 * k + 1] = -q[i] / most;
        s.basis[i] = i;
    }
}

inline void pivot(double *t, index_t k, index_t row, index_t enter) {
    const index_t width = 2 * k + 2;
    double *tr = t + row * width;
    const double by = tr[enter];
    for (index_t j = 0; j < width; ++j) tr[j] /= by;
    for (index_t i = 0; i < k; ++i) {
        double *ti = t + i * width;
        const double factor = ti[enter];
        if (i == row || factor == 0) continue;
#pragma omp simd
        for (index_t j = 0; j < width; ++j) ti[j] -= factor * tr[j];
    }
}

// The row that leaves when `enter` comes in: z0 wherever it may, for that is a solution; -1 if nothing limits it.
inline index_t leaving(index_t k, index_t enter, const Workspace &s) {
    constexpr double least = 1e-11;
    const index_t width = 2 * k + 2, rhs = 2 * k + 1;
    index_t best = -1;
    for (index_t i = 0; i < k; ++i) {
        const double *ti = s.tableau + i * width;
        if (ti[enter] > least && (best < 0 || leaves_first(ti, s.tableau + best * width, k, rhs, enter))) best = i;
    }
    for (index_t i = 0; best >= 0 && i < k; ++i) {
        const double *ti = s.tableau + i * width, *tb = s.tableau + best * width;
        const bool in_time = ti[enter] > least && ti[rhs] / ti[enter] <= tb[rhs] / tb[enter] * (1 + 1e-13);
        if (s.basis[i] == 2 * k && in_time) best = i;
    }
    return best;
}

// Lemke (1965) with covering vector 1. Ends for every strictly copositive M, which a matrix of conductances is.
inline bool lemke(const double *M, index_t k, const double *q, double *x, Workspace &s) {
    const index_t z0 = 2 * k;
    double most = 0, unit = 0;
    index_t row = 0; // where z0 comes in: the last in lexicographic order among the largest q
    for (index_t j = 0; j < k; ++j) {
        x[j] = 0;
        if (q[j] >= q[row]) row = j;
        if (absolute(q[j]) > most) most = absolute(q[j]);
    }
    if (!(q[row] > 0)) return true;
    for (index_t l = 0; l < k * k; ++l)
        if (absolute(M[l]) > unit) unit = absolute(M[l]);
    if (!(unit > 0)) return false;
    fill_tableau(M, k, unit, q, most, s);
    index_t enter = z0;
    for (index_t round = 0; round < 50 * (k + 1); ++round) {
        if (s.patience.ends(2 * k * k)) return false;
        pivot(s.tableau, k, row, enter);
        const index_t left = s.basis[row];
        s.basis[row] = enter;
        if (left == z0) {
            for (index_t i = 0; i < k; ++i) {
                const double value = s.tableau[i * (2 * k + 2) + 2 * k + 1];
                if (s.basis[i] >= k && s.basis[i] < z0 && value > 0) x[s.basis[i] - k] = value * most / unit;
            }
            return true;
        }
        enter = left < k ? left + k : left - k;
        row = leaving(k, enter, s);
        if (row < 0) return false;
    }
    return false;
}

// Whether the conditions hold to what rounding leaves of them.
inline bool holds(const double *M, index_t k, const double *q, const double *x) {
    double most = 0;
    for (index_t j = 0; j < k; ++j)
        if (absolute(q[j]) > most) most = absolute(q[j]);
    for (index_t j = 0; j < k; ++j) {
        double w = -q[j], size = most;
        for (index_t l = 0; l < k; ++l) w += M[j * k + l] * x[l], size += absolute(M[j * k + l]) * x[l];
        if (!(x[j] >= 0 && w >= -1e-9 * size && (x[j] == 0 || w <= 1e-9 * size))) return false;
    }
    return true;
}

// M is finite.
inline bool solve_one(const double *M, index_t k, const double *q, Method method, double *x, Workspace &s) {
    if (!finite(q, k)) return false;
    if (method == degenerate) return lawson_hanson(M, k, q, x, s);
    if (block_pivoting(M, k, q, method, x, s) && (method != general || holds(M, k, q, x))) return true;
    return method == general ? lemke(M, k, q, x, s) && holds(M, k, q, x) : lawson_hanson(M, k, q, x, s);
}

// x (k, block) = inverse q: the answer without bounds, whose signs guess the support.
inline void guess(const double *inverse, index_t k, const double *Q, double *answer, Range range, double *scratch) {
    constexpr index_t B = block<double>;
    double *q = scratch, *x = scratch + k * B;
    const index_t size = range.end - range.begin;
    take_rows(Q + range.begin * k, size, k, q);
    for (index_t j = 0; j < k; ++j) {
        double sum[B] = {};
        for (index_t l = 0; l < k; ++l)
#pragma omp simd
            for (index_t b = 0; b < B; ++b) sum[b] += inverse[j * k + l] * q[l * B + b];
        for (index_t b = 0; b < B; ++b) x[j * B + b] = sum[b];
    }
    give_rows(x, size, k, answer + range.begin * k);
}

} // namespace
