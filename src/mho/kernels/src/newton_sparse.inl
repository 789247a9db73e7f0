// The Newton steps of newton_dense.inl for a right-hand side of which some rows are stored: it has a tile of rows of A
// to itself. A (m, kp) is padded to whole vectors.

namespace {

template <class T> struct Own {
    T *x, *next, *slope, *step, *inverse; // (kp,)
    T *linear, *l2;                       // (kp,)
    T *G;                                 // (kp, kp)
    T *tile, *scaled;                     // (tile_rows, kp)
    T *b, *y, *curvature;                 // (tile_rows,)
    index_t kp;
    Patience *patience;
};

template <class T> index_t newton_sparse_scratch(index_t k) {
    const index_t kp = padded<T>(k);
    return kp * (7 + kp + 2 * tile_rows) + 3 * tile_rows;
}

template <class T> Own<T> own(T *p, index_t k, Patience *patience) {
    Own<T> s;
    s.patience = patience;
    const index_t kp = s.kp = padded<T>(k);
    s.x = p, s.next = s.x + kp, s.slope = s.next + kp, s.step = s.slope + kp, s.inverse = s.step + kp;
    s.linear = s.inverse + kp, s.l2 = s.linear + kp;
    s.G = s.l2 + kp;
    s.tile = s.G + kp * kp, s.scaled = s.tile + tile_rows * kp;
    s.b = s.scaled + tile_rows * kp, s.y = s.b + tile_rows, s.curvature = s.y + tile_rows;
    return s;
}

// One vector of the sums of as many vectors, in their order; v is used up.
template <class T> inline vec<T> sums(vec<T> *v) {
#if defined(__clang__) // without a shuffle by a mask that is not spelled out
    vec<T> all;
    for (index_t l = 0; l < lanes<T>; ++l) all[l] = sum<T>(v[l]);
    return all;
#else
    typename Bits<T>::type even, odd;
    for (index_t l = 0; l < lanes<T>; ++l) even[l] = 2 * l, odd[l] = 2 * l + 1;
    for (index_t width = lanes<T> / 2; width > 0; width /= 2)
        for (index_t i = 0; i < width; ++i)
            v[i] = __builtin_shuffle(v[2 * i], v[2 * i + 1], even) + __builtin_shuffle(v[2 * i], v[2 * i + 1], odd);
    return v[0];
#endif
}

// y = tile x; rows is a multiple of a vector.
template <class T> __attribute__((noinline)) void modelled(const T *tile, index_t kp, index_t rows, const T *x, T *y) {
    constexpr index_t L = lanes<T>;
    for (index_t e = 0; e < rows; e += L) {
        vec<T> dot[L], xl = load(x); // kp is at least one vector: nothing to be set to zero first
#pragma GCC unroll 16
        for (index_t r = 0; r < L; ++r) dot[r] = xl * load(tile + (e + r) * kp);
        for (index_t l = L; l < kp; l += L) {
            xl = load(x + l);
#pragma GCC unroll 16
            for (index_t r = 0; r < L; ++r) dot[r] += xl * load(tile + (e + r) * kp + l);
        }
        store(y + e, sums<T>(dot));
    }
}

// slope -= sum_e pull_e a_e, and scaled_e = curvature_e a_e; rows is a multiple of a vector.
template <class T> __attribute__((noinline)) void weigh(const Own<T> &s, index_t rows) {
    for (index_t l = 0; l < s.kp; l += lanes<T>) {
        vec<T> even{}, odd{};
        for (index_t e = 0; e < rows; e += 2) {
            const vec<T> a = load(s.tile + e * s.kp + l), b = load(s.tile + (e + 1) * s.kp + l);
            even += s.y[e] * a;
            odd += s.y[e + 1] * b;
            store(s.scaled + e * s.kp + l, s.curvature[e] * a);
            store(s.scaled + (e + 1) * s.kp + l, s.curvature[e + 1] * b);
        }
        store(s.slope + l, load(s.slope + l) - (even + odd));
    }
}

// Rows of the column from entry e on, followed by rows of zeros up to a whole vector.
template <class T, class I>
inline index_t fetch(const T *A, Columns<T, I> b, index_t e, index_t end, const Own<T> &s) {
    const index_t rows = smaller(end - e, tile_rows), whole = padded<T>(rows);
    gather(A, s.kp, b.idx + e, rows, b.idx + end, s.tile);
    for (index_t l = rows * s.kp; l < whole * s.kp; ++l) s.tile[l] = 0;
    for (index_t r = 0; r < whole; ++r) s.b[r] = r < rows ? b.val[e + r] : T(0); // and y = 0: no divergence
    return rows;
}

// The divergence of some rows, and with `model` its slope instead of y, and its curvature: rows is a multiple of a vector.
template <class L, bool model, class T> inline void add_points(const Own<T> &s, index_t rows, vec<T> *finite, vec<T> *lost) {
    for (index_t r = 0; r < rows; r += lanes<T>) {
        const Point<T> point = add_point<L, T>(load(s.b + r), load(s.y + r), *finite, *lost);
        if (!model) continue;
        store(s.y + r, point.pull);
        store(s.curvature + r, point.curvature);
    }
}

// What a tile adds to the objective, and with `model` to the slope and to the Gram matrix.
template <class L, class T> inline void evaluate_tile(const Own<T> &s, index_t rows, const T *x, bool model, Value *value) {
    const index_t whole = padded<T>(rows);
    modelled(s.tile, s.kp, whole, x, s.y);
    vec<T> finite{}, lost{};
    if (model)
        add_points<L, true>(s, whole, &finite, &lost);
    else
        add_points<L, false>(s, whole, &finite, &lost);
    value->finite += double(sum<T>(finite));
    value->lost += sum<T>(lost);
    if (!model) return;
    weigh(s, whole);
    for (index_t r = 0; r < s.kp; r += lanes<T>)
        for (index_t c = r; c < s.kp; c += lanes<T>) add_products(s.scaled, s.tile, rows, s.kp, r, c, s.G);
}

// The divergence at x, the penalty left out, and with `model` slope and Gram matrix. A column of one tile is fetched once.
template <class L, class T, class I>
Value evaluate(const T *A, Smooth<T> p, Columns<T, I> b, index_t j, const T *x, const Own<T> &s, bool model, bool fetched) {
    const index_t begin = b.ptr[j], end = b.ptr[j + 1];
    Value value{0, 0};
    for (index_t l = 0; l < p.k; ++l) value.finite += double(p.mass[l]) * x[l];
    for (index_t l = 0; model && l < s.kp; ++l) s.slope[l] = l < p.k ? p.mass[l] + p.linear[l] + p.l2[l] * x[l] : T(0);
    for (index_t l = 0; model && l < s.kp * s.kp; l += lanes<T>) store(s.G + l, vec<T>{});
    for (index_t e = begin; e < end; e += tile_rows) {
        if (s.patience->ends(smaller(end - e, tile_rows) * s.kp * (model ? s.kp / 2 : 1))) return value;
        const bool at_hand = fetched && end - begin <= tile_rows;
        const index_t rows = at_hand ? end - begin : fetch(A, b, e, end, s);
        evaluate_tile<L>(s, rows, x, model, &value);
    }
    return value;
}

template <class T> double penalty(Smooth<T> p, const Own<T> &s, const T *x) {
    double total = 0;
    for (index_t l = 0; l < p.k; ++l) total += double(x[l]) * (p.linear[l] + double(x[l]) * p.l2[l] / 2);
    return total;
}

template <class T> inline void lessen_model(Smooth<T> p, const Own<T> &s, index_t sweeps) {
    mirror(s.G, s.kp);
    for (index_t l = 0; l < p.k; ++l) s.G[l * s.kp + l] += p.l2[l];
    for (index_t l = 0; l < s.kp; ++l) {
        const T g = s.G[l * s.kp + l];
        s.inverse[l] = g > T(0) ? T(1) / g : T(0);
        s.next[l] = s.x[l];
        if (g > T(0)) continue;
        s.next[l] = 0; // without curvature nothing known pulls at x_l, and a row of G without diagonal is zero
    }
    descend_all(s.G, p.k, s.kp, s.inverse, s.slope, s.next, sweeps);
}

template <class L, class T, class I>
Value walk(const T *A, Smooth<T> p, Columns<T, I> b, index_t j, const Own<T> &s, Value before) {
    Value whole = before;
    whole.finite += penalty(p, s, s.x);
    for (index_t l = 0; l < s.kp; ++l) s.step[l] = s.next[l] - s.x[l];
    T share = 1;
    for (index_t cut = 0; cut < most_cuts; ++cut, share /= 4) {
        for (index_t l = 0; cut > 0 && l < s.kp; ++l) {
            const T to = s.x[l] + share * s.step[l];
            s.next[l] = to > T(0) ? to : T(0);
        }
        const Value after = evaluate<L>(A, p, b, j, s.next, s, false, true);
        Value sum = after;
        sum.finite += penalty(p, s, s.next);
        if (sum.above(whole)) continue;
        for (index_t l = 0; l < s.kp; ++l) s.x[l] = s.next[l];
        return after;
    }
    return before;
}

template <class L, class T, class I>
double newton_column(const T *A, Smooth<T> p, Columns<T, I> b, index_t j, Effort effort, const Own<T> &s) {
    Value value{0, 0};
    for (index_t n = 0; n < effort.steps; ++n) {
        value = evaluate<L>(A, p, b, j, s.x, s, true, n > 0);
        lessen_model(p, s, effort.sweeps);
        value = walk<L>(A, p, b, j, s, value);
    }
    if (effort.steps == 0) value = evaluate<L>(A, p, b, j, s.x, s, false, false);
    return value.total();
}

// The answer is (n, k).
template <class T, class I>
void newton_sparse(const T *A, Columns<T, I> b, Smooth<T> shared, PerEntry<T> each, Loss loss, Effort effort, T *answer, double *fit,
                   Range range, T *scratch) {
    Patience patience{range.stop};
    const Own<T> s = own(scratch, shared.k, &patience);
    const Smooth<T> p{shared.mass, s.linear, s.l2, shared.k};
    for (index_t j = range.begin; j < range.end && !patience.ends(effort.sweeps * shared.k * shared.k); ++j) {
        const T known = T(b.ptr[j + 1] - b.ptr[j]);
        for (index_t l = 0; l < p.k; ++l) {
            s.linear[l] = shared.linear[l] + known * each.linear[l];
            s.l2[l] = shared.l2[l] + known * each.l2[l];
        }
        for (index_t l = 0; l < s.kp; ++l) s.x[l] = l < p.k ? answer[j * p.k + l] : T(0);
        if (loss == itakura_saito)
            fit[j] = newton_column<ItakuraSaito<T>>(A, p, b, j, effort, s);
        else if (loss == kullback_leibler)
            fit[j] = newton_column<KullbackLeibler<T>>(A, p, b, j, effort, s);
        else
            fit[j] = newton_column<KullbackLeiblerStored<T>>(A, p, b, j, effort, s);
        for (index_t l = 0; l < p.k; ++l) answer[j * p.k + l] = s.x[l];
    }
}

} // namespace
