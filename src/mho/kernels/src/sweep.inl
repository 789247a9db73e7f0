// Coordinate descent on min over x >= 0 of x'Gx/2 - c'x (HALS, Cichocki 2007; accelerated by repeated sweeps on one
// Gram matrix, Gillis and Glineur 2012), for a block of right-hand sides at a time: one lane each, so that the k steps
// of a sweep, which wait for each other, run for many right-hand sides at once. The cross products c of a block are
// made just before, and are used while they are in cache.

namespace {

// Eight vectors: as many chains of multiply-add as hide their latency.
template <class T> constexpr index_t block = 8 * lanes<T>;

// x (k, block) in place; c (k, .) with row length ldc. One right-hand side per column.
template <class T> void sweep_block(const T *G, index_t k, const T *c, index_t ldc, T *x, index_t sweeps) {
    constexpr index_t B = block<T>;
    for (index_t round = 0; round < sweeps; ++round)
        for (index_t j = 0; j < k; ++j) {
            const T *Gj = G + j * k;
            if (!(Gj[j] > T(0))) {
                for (index_t b = 0; b < B; ++b) x[j * B + b] = 0;
                continue;
            }
            T step[B];
            for (index_t b = 0; b < B; ++b) step[b] = c[j * ldc + b];
            for (index_t l = 0; l < k; ++l) {
                const T g = Gj[l];
#pragma omp simd
                for (index_t b = 0; b < B; ++b) step[b] -= g * x[l * B + b];
            }
            const T inverse = T(1) / Gj[j];
#pragma omp simd
            for (index_t b = 0; b < B; ++b) {
                const T next = x[j * B + b] + step[b] * inverse;
                x[j * B + b] = next > T(0) ? next : T(0);
            }
        }
}

// Some milliseconds of sweeps at a time; returns false once they are called off.
template <class T>
bool sweeps_end(const T *G, index_t k, const T *c, index_t ldc, T *x, index_t sweeps, Patience &patience) {
    const index_t each = block<T> * k * k, most = each < 1 << 22 ? (1 << 22) / each : 1;
    for (index_t done = 0; done < sweeps; done += most) {
        const index_t now = sweeps - done < most ? sweeps - done : most;
        if (patience.ends(each * now)) return false;
        sweep_block(G, k, c, ldc, x, now);
    }
    return true;
}

// fit_b = 2 c'x - x'Gx: how much of |b|^2 the answer explains, so that the error needs no pass over the data.
template <class T> void fit_block(const T *G, index_t k, const T *c, index_t ldc, const T *x, index_t size, double *fit) {
    constexpr index_t B = block<T>;
    double total[B] = {};
    for (index_t j = 0; j < k; ++j) {
        T slope[B];
        for (index_t b = 0; b < B; ++b) slope[b] = 2 * c[j * ldc + b];
        for (index_t l = 0; l < k; ++l) {
            const T g = G[j * k + l];
#pragma omp simd
            for (index_t b = 0; b < B; ++b) slope[b] -= g * x[l * B + b];
        }
        for (index_t b = 0; b < B; ++b) total[b] += double(slope[b]) * double(x[j * B + b]);
    }
    for (index_t b = 0; b < size; ++b) fit[b] = total[b];
}

// A block to and from local storage: entry l of right-hand side b lies at X[b * row + l * column].
template <class T> void take(const T *X, index_t row, index_t column, index_t size, index_t k, T *x) {
    constexpr index_t B = block<T>;
    for (index_t l = 0; l < k; ++l) {
        for (index_t b = 0; b < size; ++b) x[l * B + b] = X[b * row + l * column];
        for (index_t b = size; b < B; ++b) x[l * B + b] = 0;
    }
}

template <class T> void give(const T *x, index_t row, index_t column, index_t size, index_t k, T *X) {
    for (index_t l = 0; l < k; ++l)
        for (index_t b = 0; b < size; ++b) X[b * row + l * column] = x[l * block<T> + b];
}

// The same for right-hand sides that lie one after the other, X (size, k): squares of vectors are transposed, the last of
// which begins early enough to end with the row.
template <class T> void take_rows(const T *X, index_t size, index_t k, T *x) {
    constexpr index_t B = block<T>, L = lanes<T>;
    if (k < L || size < B) return take(X, k, 1, size, k, x);
    vec<T> v[L];
    for (index_t b = 0; b < B; b += L)
        for (index_t l = 0; l < k; l += L) {
            const index_t first = smaller(l, k - L);
            transposed(X + b * k + first, k, v);
            for (index_t r = 0; r < L; ++r) store(x + (first + r) * B + b, v[r]);
        }
}

template <class T> void give_rows(const T *x, index_t size, index_t k, T *X) {
    constexpr index_t B = block<T>, L = lanes<T>;
    if (k < L || size < B) return give(x, k, 1, size, k, X);
    vec<T> v[L];
    for (index_t b = 0; b < B; b += L)
        for (index_t l = 0; l < k; l += L) {
            const index_t first = smaller(l, k - L);
            transposed(x + first * B + b, B, v);
            for (index_t r = 0; r < L; ++r) store(X + (b + r) * k + first, v[r]);
        }
}

template <class T> void add_offset(const T *offset, index_t k, T *c, index_t ldc, index_t size) {
    for (index_t j = 0; j < k; ++j)
        for (index_t b = 0; b < size; ++b) c[j * ldc + b] += offset[j];
}

// Columns of c that are made at once from a matrix given by rows: runs of memory that are long enough, in a cache that
// is large enough.
template <class T> constexpr index_t strip = 512 / sizeof(T) * 4;

template <class T> index_t sweep_scratch(index_t k) { return k * (block<T> + strip<T> + outer_depth); }

// The right-hand sides are the rows of X (n, m); the factor A' (k, m) and the answer (k, n) are contiguous.
template <class T>
void sweep_rows(const T *X, index_t n, index_t m, const T *A, Problem<T> p, T *answer, index_t sweeps, double *fit, Range range,
                T *scratch) {
    constexpr index_t B = block<T>;
    T *x = scratch, *c = scratch + p.k * B;
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += B) {
        const index_t size = smaller(range.end - begin, B);
        if (patience.ends(size * p.k * m)) return;
        for (index_t l = 0; size < B && l < p.k * B; ++l) c[l] = 0;
        cross_rows(X + begin * m, size, m, A, p.k, c, B);
        add_offset(p.offset, p.k, c, B, size);
        take(answer + begin, 1, n, size, p.k, x);
        if (!sweeps_end(p.G, p.k, c, B, x, sweeps, patience)) return;
        fit_block(p.G, p.k, c, B, x, size, fit + begin);
        give(x, 1, n, size, p.k, answer + begin);
    }
}

// The right-hand sides are the columns of X (m, n); the factor A' (k, m) and the answer (k, n) are contiguous.
template <class T>
void sweep_columns(const T *X, index_t n, index_t m, const T *A, Problem<T> p, T *answer, index_t sweeps, double *fit, Range range,
                   T *scratch) {
    constexpr index_t B = block<T>, S = strip<T>;
    T *x = scratch, *c = scratch + p.k * B, *tile = c + p.k * S;
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += S) {
        const index_t columns = smaller(range.end - begin, S);
        for (index_t l = 0; columns < S && l < p.k * S; ++l) c[l] = 0;
        cross_columns(X + begin, m, n, columns, A, p.k, c, S, tile, patience);
        if (patience.over) return;
        add_offset(p.offset, p.k, c, S, columns);
        for (index_t b = 0; b < columns; b += B) {
            const index_t size = smaller(columns - b, B);
            take(answer + begin + b, 1, n, size, p.k, x);
            if (!sweeps_end(p.G, p.k, c + b, S, x, sweeps, patience)) return;
            fit_block(p.G, p.k, c + b, S, x, size, fit + begin + b);
            give(x, 1, n, size, p.k, answer + begin + b);
        }
    }
}

// The right-hand sides are the columns of a sparse matrix; the factor A (m, k) and the answer (n, k) are contiguous.
template <class T, class I>
void sweep_sparse(const T *A, Columns<T, I> columns, Problem<T> p, T *answer, index_t sweeps, double *fit, Range range, T *scratch) {
    constexpr index_t B = block<T>;
    T *x = scratch, *c = x + p.k * B, *products = c + p.k * B;
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += B) {
        const index_t size = smaller(range.end - begin, B), entries = columns.ptr[begin + size] - columns.ptr[begin];
        if (patience.ends(p.k * entries)) return;
        for (index_t b = 0; b < size; ++b) cross_one(A, p.k, columns, begin + b, columns.ptr[range.end], products + b * p.k);
        take_rows(products, size, p.k, c);
        add_offset(p.offset, p.k, c, B, size);
        take_rows(answer + begin * p.k, size, p.k, x);
        if (!sweeps_end(p.G, p.k, c, B, x, sweeps, patience)) return;
        fit_block(p.G, p.k, c, B, x, size, fit + begin);
        give_rows(x, size, p.k, answer + begin * p.k);
    }
}

// The cross products C (n, k) are at hand; the answer is (n, k).
template <class T> void sweep(Problem<T> p, const T *C, T *answer, index_t sweeps, Range range, T *scratch) {
    constexpr index_t B = block<T>;
    T *x = scratch, *c = scratch + p.k * B;
    Patience patience{range.stop};
    for (index_t begin = range.begin; begin < range.end; begin += B) {
        const index_t size = smaller(range.end - begin, B);
        take_rows(C + begin * p.k, size, p.k, c);
        take_rows(answer + begin * p.k, size, p.k, x);
        if (!sweeps_end(p.G, p.k, c, B, x, sweeps, patience)) return;
        give_rows(x, size, p.k, answer + begin * p.k);
    }
}

} // namespace
