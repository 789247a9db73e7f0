// Non-negative least squares for one right-hand side and a matrix of any sign: small enough that a call of several kernels
// would take longer than the work.

namespace {

// The smallest share of a scaled column that its pivot may be: below it the normal equations, whose condition is the
// matrix's squared, no longer tell which of the columns are wanted.
constexpr double least_pivot = 1e-8;

constexpr double least_square = 1e-290, most_square = 1e290;

inline bool has_norm(double square) { return square > least_square && square < most_square; }

inline index_t one_scratch(index_t k) { return row_gram_scratch<double>(k) + k * k + 2 * k + lcp_scratch(k); }

// S = [A, b]'[A, b], as own_sum reads it.
inline void one_sums(Strided A, const double *b, double *S, double *tile) {
    constexpr index_t L = lanes<double>;
    const index_t k = A.k, row = padded<double>(k + 1), whole = whole_rows<double>(k);
    for (index_t l = 0; l < sums_size<double>(k); ++l) S[l] = 0;
    for (index_t l = 0; l < tile_rows * row; ++l) tile[l] = 0;
    for (index_t i = 0; i < A.m; i += tile_rows) {
        const index_t rows = smaller(A.m - i, tile_rows);
        for (index_t r = 0; r < rows; ++r) {
            const double *a = A.data + (i + r) * A.row;
            for (index_t l = 0; l < k; ++l) tile[r * row + l] = a[l * A.column];
            tile[r * row + k] = b[i + r];
        }
        for (index_t r = 0; r < whole; r += L)
            for (index_t s = r; s < whole; s += L) add_products(tile, tile, rows, row, r, s, S);
        for (index_t s = 0; whole <= k && s < row; s += L) add_last_rows(tile, rows, row, whole, k + 1 - whole, s, S);
    }
}

// |A x - b|, from A itself.
inline double one_residual(Strided A, const double *b, const double *x) {
    double square = 0;
    for (index_t i = 0; i < A.m; ++i) {
        const double *a = A.data + i * A.row;
        double left = -b[i];
        for (index_t l = 0; l < A.k; ++l) left += a[l * A.column] * x[l];
        square += left * left;
    }
    return __builtin_sqrt(square);
}

// x (k) >= 0 that minimises |A x - b|^2/2 + l2 |x|^2/2 + l1 sum x. Return |A x - b|; -1 where the numbers are none, or too
// large or small for squares, or the columns too alike for normal equations.
double one(Strided A, const double *b, double l2, double l1, double *x, double *scratch) {
    const index_t k = A.k;
    double *S = scratch, *tile = S + sums_size<double>(k), *M = scratch + row_gram_scratch<double>(k), *q = M + k * k, *unit = q + k;
    one_sums(A, b, S, tile);
    const double square = own_sum(S, k, k, k);
    if (!(square == 0 || has_norm(square))) return -1;
    for (index_t l = 0; l < k; ++l) {
        const double own = own_sum(S, k, l, l) + l2;
        if (!has_norm(own)) return -1;
        unit[l] = 1 / __builtin_sqrt(own); // columns of one length: neither pivots nor signs depend on their units
        q[l] = (own_sum(S, k, k, l) - l1) * unit[l];
    }
    for (index_t i = 0; i < k; ++i) {
        for (index_t l = 0; l < i; ++l) M[i * k + l] = M[l * k + i] = own_sum(S, k, i, l) * unit[i] * unit[l];
        M[i * k + i] = 1;
    }
    Workspace s = workspace(q + 2 * k, k, {});
    for (index_t l = 0; l < k; ++l) s.set[l] = l, s.z[l] = q[l];
    if (!finite(q, k) || !cholesky_solve(M, k, k, s)) return -1;
    for (index_t l = 0; l < k; ++l) {
        if (!(s.inverse[l] < 1 / least_pivot)) return -1;
        x[l] = s.z[l];
    }
    if (!block_pivoting(M, k, q, symmetric, x, s)) return -1;
    for (index_t l = 0; l < k; ++l) x[l] *= unit[l];
    return one_residual(A, b, x);
}

} // namespace
