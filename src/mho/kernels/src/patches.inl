// Codes to patches, patches to planes, planes to pixels: whole numbers throughout, the same on every machine.
//
// Planes are int16, in sixteenths of a grey level around the middle one.

namespace {

constexpr int patch = 8, fraction_bits = 16;
constexpr int far = (1 << 15) - 1; // sixteenths of a grey level that only a damaged file goes beyond
constexpr std::int64_t exact32 = std::int64_t{1} << 30;

inline std::int16_t clipped(std::int64_t v) { return static_cast<std::int16_t>(v < -far ? -far : v > far ? far
                                                                                                         : v); }

using Eight = std::int32_t __attribute__((vector_size(32)));

inline Eight eight_of(const std::int32_t *from) {
    Eight found;
    __builtin_memcpy(&found, from, sizeof found);
    return found;
}

inline std::int16_t sixteenths(std::int64_t sum) { return clipped((sum + (1 << (fraction_bits - 1))) >> fraction_bits); }

// Of sums below `exact32` there is none to clip.
inline std::int16_t sixteenths(std::int32_t sum) { return static_cast<std::int16_t>((sum + (1 << (fraction_bits - 1))) >> fraction_bits); }

template <class Sum> inline void put_patch(const Sum *sum, std::int16_t *to, index_t row, index_t height, index_t width) {
    if (height == patch && width == patch) {
        for (index_t y = 0; y < patch; ++y)
            for (index_t x = 0; x < patch; ++x) to[y * row + x] = sixteenths(sum[y * patch + x]);
        return;
    }
    for (index_t y = 0; y < height; ++y)
        for (index_t x = 0; x < width; ++x) to[y * row + x] = sixteenths(sum[y * patch + x]);
}

// The codes of one patch that are not zero.
struct Sparse64 {
    std::int64_t weight[atoms];
    int atom[atoms], n = 0;
    std::int64_t bound = 0; // no sum of theirs, whole or part, is larger

    Sparse64(const Plane &plane, const PictureDictionary &d, index_t cell, int step) {
        add(d, 0, plane.dc[cell], step);
        const std::int16_t *code = plane.code + cell * atoms;
        each_bit(plane.used[cell], [&](int j) { add(d, j, code[j], step); });
    }

    void add(const PictureDictionary &d, int j, std::int64_t code, int step) {
        if (!code) return;
        atom[n] = j, weight[n] = code * d.scale[j] * step; // below 2^20 2^16 2^16
        bound += (weight[n] < 0 ? -weight[n] : weight[n]) * d.peak[j];
        ++n;
    }

    void sums(const PictureDictionary &d, std::int32_t *sum) const {
        constexpr int together = 4;
        for (int begin = 0; begin < atoms; begin += 8 * together) {
            Eight part[together] = {};
            for (int i = 0; i < n; ++i) {
                const auto factor = static_cast<std::int32_t>(weight[i]);
                const std::int32_t *level = d.levels + atom[i] * atoms + begin;
                for (int e = 0; e < together; ++e) part[e] += eight_of(level + 8 * e) * factor;
            }
            for (int e = 0; e < together; ++e) __builtin_memcpy(sum + begin + 8 * e, &part[e], sizeof(Eight));
        }
    }

    void sums(const PictureDictionary &d, std::int64_t *sum) const {
        for (int y = 0; y < atoms; ++y) sum[y] = 0;
        for (int i = 0; i < n; ++i)
            for (int y = 0; y < atoms; ++y) sum[y] += d.levels[atom[i] * atoms + y] * weight[i];
    }

    // As cells with errors hold the atoms: what they add up to is as inexact as they are.
    void noisy_sums(const PictureDictionary &d, double *sum) const {
        for (int i = 0; i < n; ++i)
            for (int y = 0; y < atoms; ++y) sum[y] += d.noisy[atom[i] * atoms + y] * static_cast<double>(weight[i]);
    }
};

inline std::int64_t bounded(double v) { return static_cast<std::int64_t>(v < -1e15 ? -1e15 : v > 1e15 ? 1e15
                                                                                                      : v); }

inline void put_noisy(const Sparse64 &codes, const PictureDictionary &d, std::int16_t *to, index_t row, index_t height, index_t width) {
    double sum[atoms] = {};
    std::int64_t whole[atoms];
    codes.noisy_sums(d, sum);
    for (int i = 0; i < atoms; ++i) whole[i] = bounded(floor(sum[i]));
    put_patch(whole, to, row, height, width);
}

// A plane of (m, n) samples, its rows `row` apart, from its codes.
inline void synthesize(const Plane &plane, const PictureDictionary &d, int step, std::int16_t *out, index_t row, index_t m, index_t n) {
    for (index_t cell = 0; cell < plane.patches; ++cell) {
        const index_t y = cell / plane.columns * patch, x = cell % plane.columns * patch;
        const index_t height = m - y < patch ? m - y : patch, width = n - x < patch ? n - x : patch;
        const Sparse64 codes(plane, d, cell, step);
        std::int16_t *to = out + y * row + x;
        if (d.noisy) {
            put_noisy(codes, d, to, row, height, width);
        } else if (codes.bound < exact32) {
            std::int32_t sum[atoms];
            codes.sums(d, sum), put_patch(sum, to, row, height, width);
        } else {
            std::int64_t sum[atoms];
            codes.sums(d, sum), put_patch(sum, to, row, height, width);
        }
    }
}

// Makes the step at an edge between two patches a quarter as large, or an eighth if `strong`, by at most what rounding may have
// made of it, a quarter of the codes' step at each side, and less the more both sides curve: there the step may be the picture's.
inline void smooth_edge(std::int16_t *q, index_t apart, Smoothing by) {
    const int p0 = q[-apart], p1 = q[-2 * apart], p2 = q[-3 * apart], q0 = q[0], q1 = q[apart], q2 = q[2 * apart];
    const int left = p2 - 2 * p1 + p0, right = q2 - 2 * q1 + q0, curve = (left < 0 ? -left : left) + (right < 0 ? -right : right);
    const int most = by.step >> 2, picture = curve >> (by.strong ? 6 : 5), share = by.strong ? 7 : 6;
    const int limit = most > picture ? most - picture : 0, wanted = (share * (q0 - p0) + 8) >> 4;
    const int moved = wanted < -limit ? -limit : wanted > limit ? limit
                                                                : wanted;
    const int beside = (moved + 4) >> 3;
    q[-apart] = static_cast<std::int16_t>(p0 + moved), q[0] = static_cast<std::int16_t>(q0 - moved);
    q[-2 * apart] = static_cast<std::int16_t>(p1 + beside), q[apart] = static_cast<std::int16_t>(q1 - beside);
}

// Edges between patches beside one another, in rows `rows` of a plane of n columns.
inline void smooth_rows(std::int16_t *plane, index_t row, index_t n, Smoothing by, Range rows) {
    for (index_t y = rows.begin; y < rows.end; ++y)
        for (index_t x = patch; x + 3 <= n; x += patch) smooth_edge(plane + y * row + x, 1, by);
}

// The edge above row 0 of `plane`.
inline void smooth_across(std::int16_t *plane, index_t row, index_t n, Smoothing by) {
    for (index_t x = 0; x < n; ++x) smooth_edge(plane + x, row, by);
}

inline std::uint8_t byte_of(std::int32_t v, int bits) {
    const std::int32_t whole = (v + (1 << (bits - 1))) >> bits;
    return static_cast<std::uint8_t>(whole < 0 ? 0 : whole > 255 ? 255
                                                                 : whole);
}

constexpr int middle_grey = 16 * 128;

inline void grey_row(const std::int16_t *luma, index_t n, std::uint8_t *out) {
    for (index_t x = 0; x < n; ++x) out[x] = byte_of(luma[x] + middle_grey, 4);
}

// 1.402, 0.344136, 0.714136 and 1.772 in units of 2^-12.
constexpr int cr_r = 91881 >> 4, cb_g = 22554 >> 4, cr_g = 46802 >> 4, cb_b = 116130 >> 4;

template <class Chroma>
inline void colour_row(const std::int16_t *luma, const Chroma *cb, const Chroma *cr, index_t n, std::uint8_t *out) {
    for (index_t x = 0; x < n; ++x) {
        const std::int32_t y = (luma[x] + middle_grey) * 256, b = cb[x], r = cr[x];
        out[3 * x] = byte_of(y + (r * cr_r >> 4), 12);
        out[3 * x + 1] = byte_of(y - ((b * cb_g + r * cr_g) >> 4), 12);
        out[3 * x + 2] = byte_of(y + (b * cb_b >> 4), 12);
    }
}

// A row of twice the resolution, by linear interpolation of two rows of n samples: 3/4 of the nearer and 1/4 of the
// farther, along and across; `out` holds 2 n, `between` n + 2.
inline void doubled_row(const std::int16_t *nearer, const std::int16_t *farther, index_t n, std::int32_t *between, std::int32_t *out) {
    for (index_t x = 0; x < n; ++x) between[x + 1] = (3 * nearer[x] + farther[x] + 2) >> 2;
    between[0] = between[1], between[n + 1] = between[n];
    for (index_t x = 0; x < n; ++x) {
        out[2 * x] = (3 * between[x + 1] + between[x] + 2) >> 2;
        out[2 * x + 1] = (3 * between[x + 1] + between[x + 2] + 2) >> 2;
    }
}

inline index_t colour_scratch(index_t n) { return 3 * (2 * n + 8); } // in int32, for n columns

// Rows of pixels of three planes, chroma at the full resolution or at half of it. `planes` begin with row `first` of the
// picture, of m rows; chroma's with row `first` / 2.
inline void colour_rows(const PicturePlanes &planes, index_t m, index_t n, index_t first, Range rows, std::uint8_t *out, std::int32_t *scratch) {
    const index_t half = (n + 1) / 2, half_rows = (m + 1) / 2;
    std::int32_t *between = scratch, *cb = scratch + n + 8, *cr = cb + n + 8;
    for (index_t y = rows.begin; y < rows.end; ++y) {
        const std::int16_t *luma = planes.at[0] + (y - first) * planes.row[0];
        std::uint8_t *to = out + y * n * planes.n;
        if (planes.n == 1) {
            grey_row(luma, n, to);
        } else if (!planes.halved) {
            colour_row(luma, planes.at[1] + (y - first) * planes.row[1], planes.at[2] + (y - first) * planes.row[2], n, to);
        } else {
            const index_t near = y / 2, to_far = y & 1 ? near + 1 : near - 1;
            const index_t distant = to_far < 0 ? 0 : to_far >= half_rows ? half_rows - 1
                                                                         : to_far;
            for (int c = 1; c < 3; ++c) {
                const std::int16_t *from = planes.at[c] - first / 2 * planes.row[c];
                doubled_row(from + near * planes.row[c], from + distant * planes.row[c], half, between, c == 1 ? cb : cr);
            }
            colour_row(luma, cb, cr, n, to);
        }
    }
}

} // namespace
