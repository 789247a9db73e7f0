// Complementarity problems of which each has a matrix of its own, summed over its known rows, solved on the spot.

namespace {

// sum over the known rows of left right', and of b left; M is padded, (kp, kp).
template <class T, class I>
void own_product(const double *left, const double *right, index_t kp, Columns<T, I> b, index_t j, double *M, double *q, double *tiles,
                 Patience &patience) {
    double *tile = tiles, *other = tiles + tile_rows * kp;
    for (index_t l = 0; l < kp * kp; ++l) M[l] = 0;
    for (index_t l = 0; l < kp; ++l) q[l] = 0;
    const index_t begin = b.ptr[j], end = b.ptr[j + 1];
    for (index_t e = begin; e < end; e += tile_rows) {
        const index_t rows = smaller(end - e, tile_rows);
        if (patience.ends(rows * kp * kp)) return;
        gather(left, kp, b.idx + e, rows, b.idx + end, tile);
        gather(right, kp, b.idx + e, rows, b.idx + end, other);
        for (index_t r = 0; r < rows; ++r)
            for (index_t l = 0; l < kp; ++l) q[l] += double(b.val[e + r]) * tile[r * kp + l];
        for (index_t r = 0; r < kp; r += lanes<double>)
            for (index_t c = 0; c < kp; c += lanes<double>) add_products(tile, other, rows, kp, r, c, M);
    }
}

inline index_t own_product_scratch(index_t k) { return padded<double>(k) * (padded<double>(k) + 1 + 2 * tile_rows); }

// The same compact, (k, k); where M is symmetric, by half of the work.
template <class T, class I>
void own_system(Rows rows, index_t k, Columns<T, I> b, index_t j, Method method, double *M, double *q, double *scratch,
                Patience &patience) {
    if (method != general) {
        row_gram(rows.left, k, rows.stride, b, j, M, q, scratch, patience);
        return;
    }
    const index_t kp = padded<double>(k);
    double *wide = scratch, *sum = wide + kp * kp;
    own_product(rows.left, rows.right, kp, b, j, wide, sum, sum + kp, patience);
    for (index_t i = 0; i < k; ++i) {
        q[i] = sum[i];
        for (index_t l = 0; l < k; ++l) M[i * k + l] = wide[i * kp + l];
    }
}

template <class T, class I>
void masked_lcp(Rows rows, index_t k, Columns<T, I> b, Method method, double *answer, std::uint8_t *failed, Range range,
                double *scratch) {
    Workspace s = workspace(scratch, k, range.stop);
    double *M = scratch + lcp_scratch(k), *q = M + k * k, *sums = q + k;
    for (index_t j = range.begin; j < range.end; ++j) {
        own_system(rows, k, b, j, method, M, q, sums, s.patience);
        if (s.patience.ends(k * k)) return;
        const double known = known_rows(b, j);
        for (index_t l = 0; l < k * k; ++l) M[l] += rows.base[l];
        for (index_t l = 0; l < k; ++l) {
            M[l * k + l] += known * rows.l2_known[l];
            q[l] += rows.offset[l] + known * rows.pull_known[l];
        }
        for (I e = b.ptr[j]; rows.extra && e < b.ptr[j + 1]; ++e)
            for (index_t l = 0; l < k; ++l) M[l * k + l] += rows.extra[index_t(b.idx[e]) * k + l];
        failed[j] = !(finite(M, k * k) && solve_one(M, k, q, method, answer + j * k, s));
    }
}

inline index_t masked_lcp_scratch(index_t k) {
    const index_t own = row_gram_scratch<double>(k), product = own_product_scratch(k);
    return lcp_scratch(k) + k * (k + 1) + (own > product ? own : product);
}

} // namespace
