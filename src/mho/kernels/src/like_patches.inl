// Noise of pictures, taken away group by group: patches of 8 x 8 pixels that look alike, each made anew as a non-negative
// mixture of the group's. With W = M + outwards (P - M), patches P (64, n) pushed outwards from their mean M, every patch x gets
// h >= 0, sum h = 1, near the least of |x - W h|^2 + ridge |h - 1/n|^2: of the closed form without bounds, what is
// negative becomes zero. Centred, with C = P - M and A = (C'C + ridge)^-1 ..., that is h = 1/n + A / outwards.
//
// In the first pass P is the noisy picture itself: the risk is estimated without bias if each column of C'C lacks the
// noise's 64 on its diagonal (Stein 1981). In the second P is the first pass' estimate. Noise has variance 1 throughout.

namespace {

constexpr index_t patch_side = 8, patch_pixels = patch_side * patch_side;
constexpr index_t most_alike = 32;
constexpr float outwards = 4;

constexpr index_t padded_members(index_t n) { return (n + lanes<float> - 1) / lanes<float> * lanes<float>; }
constexpr index_t group_row = padded_members(most_alike);

// Eight numbers of a row of a patch, wherever they stand.
typedef float PatchRow __attribute__((vector_size(4 * patch_side), aligned(4)));
inline PatchRow &row_at(float *p) { return *reinterpret_cast<PatchRow *>(p); }
inline const PatchRow &row_at(const float *p) { return *reinterpret_cast<const PatchRow *>(p); }

// C (rows, row) = sum over t of left[t * stride + r] right[t]' for r < rows, `width` vectors of it from column c on.
template <index_t width> inline void tile(const float *left, index_t step, index_t next, const float *right, index_t row,
                                          index_t count, index_t rows, float *C) {
    constexpr index_t L = lanes<float>;
    vec<float> sums[4][width] = {};
    for (index_t t = 0; t < count; ++t) {
        vec<float> v[width];
        for (index_t w = 0; w < width; ++w) v[w] = load(right + t * row + w * L);
        for (index_t r = 0; r < 4; ++r) {
            const float a = left[t * next + r * step];
            for (index_t w = 0; w < width; ++w) sums[r][w] += a * v[w];
        }
    }
    for (index_t r = 0; r < rows; ++r)
        for (index_t w = 0; w < width; ++w) store(C + r * row + w * L, sums[r][w]);
}

// C[r] = sum over t of left[r * step + t * next] right[t], rows of `row` numbers; `left` may be read up to a multiple of 4.
inline void product(const float *left, index_t step, index_t next, const float *right, index_t row, index_t count, index_t rows, float *C) {
    constexpr index_t L = lanes<float>;
    for (index_t r = 0; r < rows; r += 4) {
        const index_t some = rows - r < 4 ? rows - r : 4;
        index_t c = 0;
        for (; c + 2 * L <= row; c += 2 * L) tile<2>(left + r * step, step, next, right + c, row, count, some, C + r * row + c);
        if (c < row) tile<1>(left + r * step, step, next, right + c, row, count, some, C + r * row + c);
    }
}

// C[p * row + q] = the inner product of patches p of X and q of Y, for p < n and q below n or the next multiple of 4. Of equal X
// and Y one half is computed.
inline void inner_products(const float *X, const float *Y, index_t n, index_t row, float *C) {
    constexpr index_t L = lanes<float>, some = 4;
    const bool same = X == Y;
    for (index_t p = 0; p < n; ++p)
        for (index_t q = same ? p / some * some : 0; q < n; q += some) {
            vec<float> sums[some] = {};
            for (index_t t = 0; t < patch_pixels; t += L) {
                const vec<float> x = load(X + p * patch_pixels + t);
                for (index_t r = 0; r < some; ++r) sums[r] += x * load(Y + (q + r) * patch_pixels + t);
            }
            for (index_t r = 0; r < some; ++r) {
                C[p * row + q + r] = sum<float>(sums[r]);
                if (same) C[(q + r) * row + p] = C[p * row + q + r];
            }
        }
}

// b[to] -= a b[from], rows of `row` numbers.
inline void eliminate(float *b, index_t row, index_t to, index_t from, float a) {
    for (index_t c = 0; c < row; c += lanes<float>) store(b + to * row + c, load(b + to * row + c) - a * load(b + from * row + c));
}

inline void scale_row(float *b, index_t row, float a) {
    for (index_t c = 0; c < row; c += lanes<float>) store(b + c, a * load(b + c));
}

// K (n, n) positive definite becomes its factor, b (n, n) the solution of K x = b; rows of `row` numbers.
inline void solve_positive(float *K, index_t n, index_t row, float *b) {
    for (index_t i = 0; i < n; ++i) { // right-looking: row i of K is then row i of the upper factor
        const float root = sqrtf(K[i * row + i] > 1e-6f ? K[i * row + i] : 1e-6f), inverse = 1 / root;
        scale_row(K + i * row, row, inverse);
        scale_row(b + i * row, row, inverse);
        for (index_t j = i + 1; j < n; ++j) {
            const float a = K[i * row + j];
            eliminate(K, row, j, i, a);
            eliminate(b, row, j, i, a);
        }
    }
    for (index_t i = n - 1; i >= 0; --i) {
        for (index_t j = i + 1; j < n; ++j) eliminate(b, row, i, j, K[i * row + j]);
        scale_row(b + i * row, row, 1 / K[i * row + i]);
    }
}

// Codes become non-negative and sum to one, then deviations about 1/n again.
inline void non_negative(float *H, index_t n, index_t row) {
    constexpr index_t L = lanes<float>;
    const float even = 1.0f / float(n);
    for (index_t c = 0; c < row; c += L) {
        vec<float> mean = {}, total = {};
        for (index_t p = 0; p < n; ++p) mean += load(H + p * row + c);
        mean *= even;
        for (index_t p = 0; p < n; ++p) {
            vec<float> h = even + (load(H + p * row + c) - mean) * (1 / outwards);
            for (index_t l = 0; l < L; ++l) h[l] = h[l] > 0 ? h[l] : 0;
            total += h;
            store(H + p * row + c, h);
        }
        for (index_t p = 0; p < n; ++p) store(H + p * row + c, outwards * (load(H + p * row + c) / total - even));
    }
}

// One group in memory: patches one after the other.
struct Group {
    float *patches, *noisy, *made; // (group_row, 64)
    float *gram, *codes;           // (group_row, group_row)
    float *mean;                   // (64,)
    index_t at[most_alike];        // of upper left pixels
    std::int32_t far[most_alike];
    index_t n, row;
};

constexpr index_t group_scratch = 3 * patch_pixels * group_row + 2 * group_row * group_row + patch_pixels;

typedef std::int16_t LevelRow __attribute__((vector_size(2 * patch_side), aligned(2)));
typedef std::int32_t PairSums __attribute__((vector_size(2 * patch_side)));

// Squares of numbers below 2^15, those of neighbours summed.
inline PairSums squares(LevelRow d) {
#if defined(__SSE2__)
    typedef std::int16_t Levels __attribute__((vector_size(2 * patch_side)));
    return reinterpret_cast<PairSums>(__builtin_ia32_pmaddwd128(static_cast<Levels>(d), static_cast<Levels>(d)));
#elif defined(__wasm_simd128__)
    typedef std::int16_t Levels __attribute__((vector_size(2 * patch_side)));
    return __builtin_wasm_dot_s_i32x4_i16x8(static_cast<Levels>(d), static_cast<Levels>(d));
#else
    const PairSums pairs = reinterpret_cast<PairSums>(d), low = pairs << 16 >> 16, high = pairs >> 16;
    return low * low + high * high;
#endif
}

// Squared distance of two patches, or some number of at least `limit` if it is not below that.
inline std::int32_t distance_of(const std::int16_t *x, const std::int16_t *y, index_t columns, std::int32_t limit) {
    std::int32_t total = 0;
    for (index_t half = 0; half < patch_side && total < limit; half += patch_side / 2) {
        PairSums sums = {};
        for (index_t a = half; a < half + patch_side / 2; ++a)
            sums += squares(*reinterpret_cast<const LevelRow *>(x + a * columns) - *reinterpret_cast<const LevelRow *>(y + a * columns));
        total += sums[0] + sums[1] + sums[2] + sums[3];
    }
    return total;
}

// The `most` patches nearest to that at (i, j), which comes first, within the window.
inline void gather(const Alike &of, index_t i, index_t j, index_t most, Group &group) {
    const index_t top = i > of.radius ? i - of.radius : 0, left = j > of.radius ? j - of.radius : 0;
    const index_t last = of.rows - patch_side, right = of.columns - patch_side;
    const index_t bottom = i + of.radius < last ? i + of.radius : last, end = j + of.radius < right ? j + of.radius : right;
    const std::int16_t *own = of.levels + i * of.columns + j;
    group.n = 1, group.at[0] = i * of.columns + j, group.far[0] = -1;
    for (index_t r = top; r <= bottom; ++r)
        for (index_t c = left; c <= end; ++c) {
            const index_t at = r * of.columns + c;
            if (at == group.at[0]) continue;
            const std::int32_t limit = group.n < most ? INT32_MAX : group.far[most - 1];
            const std::int32_t far = distance_of(of.levels + at, own, of.columns, limit);
            if (far >= limit) continue;
            index_t k = group.n < most ? group.n++ : most - 1;
            for (; group.far[k - 1] > far; --k) group.far[k] = group.far[k - 1], group.at[k] = group.at[k - 1];
            group.far[k] = far, group.at[k] = at;
        }
    group.row = padded_members(group.n);
}

inline void take(const float *plane, index_t columns, const Group &group, float *to) {
    for (index_t q = 0; q < group.n; ++q)
        for (index_t a = 0; a < patch_side; ++a)
            row_at(to + q * patch_pixels + a * patch_side) = row_at(plane + group.at[q] + a * columns);
}

// The mean of the patches.
inline void average(Group &group) {
    for (index_t t = 0; t < patch_pixels; t += lanes<float>) {
        vec<float> total = {};
        for (index_t q = 0; q < group.n; ++q) total += load(group.patches + q * patch_pixels + t);
        store(group.mean + t, total / float(group.n));
    }
}

// Takes the mean of the patches from some; up to a multiple of 4 others are zero.
inline void centre(const Group &group, float *patches) {
    for (index_t q = 0; q < (group.n + 3) / 4 * 4; ++q)
        for (index_t t = 0; t < patch_pixels; t += lanes<float>) {
            float *x = patches + q * patch_pixels + t;
            store(x, q < group.n ? load(x) - load(group.mean + t) : vec<float>{});
        }
}

// Mixtures for all members, in `made`, about the mean; `alone`: of the patches themselves.
inline void mix(Group &group, float ridge, bool first, bool alone) {
    const index_t n = group.n, row = group.row;
    const float noise = patch_pixels;
    for (index_t p = 0; p < n * row; ++p) group.gram[p] = group.codes[p] = 0;
    inner_products(group.patches, group.patches, n, row, group.gram);
    if (alone)
        for (index_t p = 0; p < n * row; ++p) group.codes[p] = group.gram[p];
    else
        inner_products(group.patches, group.noisy, n, row, group.codes);
    if (first) {
        for (index_t p = 0; p < n; ++p) group.codes[p * row + p] -= noise;
        ridge = (ridge - 1) * noise + 1e-3f * noise;
    } else {
        ridge *= float(n);
    }
    for (index_t p = 0; p < n; ++p) group.gram[p * row + p] += ridge;
    solve_positive(group.gram, n, row, group.codes);
    non_negative(group.codes, n, row);
    product(group.codes, 1, row, group.patches, patch_pixels, n, n, group.made);
}

inline void give(const Group &group, index_t columns, float *sums) {
    for (index_t q = 0; q < group.n; ++q)
        for (index_t a = 0; a < patch_side; ++a) {
            const index_t t = a * patch_side;
            row_at(sums + group.at[q] + a * columns) += row_at(group.mean + t) + row_at(group.made + q * patch_pixels + t);
        }
}

inline void count(const Group &group, index_t columns, float *counts) {
    for (index_t q = 0; q < group.n; ++q)
        for (index_t a = 0; a < patch_side; ++a) row_at(counts + group.at[q] + a * columns) += 1;
}

inline index_t alike_scratch() { return group_scratch; }

// Bands 2 i + parity for i of the range, of `band` rows of groups: two such do not touch the same pixels.
inline void mix_alike(const Alike &of, Range range, float *scratch) {
    Group group;
    group.patches = scratch, group.noisy = group.patches + patch_pixels * group_row;
    group.made = group.noisy + patch_pixels * group_row, group.gram = group.made + patch_pixels * group_row;
    group.codes = group.gram + group_row * group_row, group.mean = group.codes + group_row * group_row;
    const index_t last = of.rows - patch_side, right = of.columns - patch_side, area = of.rows * of.columns;
    const index_t down = (last + of.step - 1) / of.step + 1, across = (right + of.step - 1) / of.step + 1;
    const bool alone = of.first || of.noisy == of.estimate;
    for (index_t band = 2 * range.begin + of.parity; band < 2 * range.end; band += 2)
        for (index_t k = band * of.band; k < (band + 1) * of.band && k < down; ++k) {
            if (range.stop()) return;
            const index_t i = k * of.step < last ? k * of.step : last;
            for (index_t l = 0; l < across; ++l) {
                gather(of, i, l * of.step < right ? l * of.step : right, of.members, group);
                for (index_t channel = 0; channel < of.channels; ++channel) {
                    take(of.estimate + channel * area, of.columns, group, group.patches);
                    if (!alone) take(of.noisy + channel * area, of.columns, group, group.noisy);
                    average(group);
                    centre(group, group.patches);
                    if (!alone) centre(group, group.noisy);
                    mix(group, of.ridge[channel > 0], of.first, alone);
                    give(group, of.columns, of.sums + channel * area);
                }
                count(group, of.columns, of.counts);
            }
        }
}

} // namespace
