// The kernels' one interface: serial loops over a range of right-hand sides, arrays in and arrays out.
//
// Every instruction set compiles the same source (isa.cpp) into a table of these functions; module.cpp picks a
// table when the module loads and spreads ranges over threads. The functions must not instantiate standard
// templates: the linker may keep the widest instruction set's copy of such a template for everybody.
#pragma once
#include <cmath>
#include <cstdint>

namespace mho {

using index_t = std::int64_t;

// Whether the work is called off; what is half done then is not looked at.
struct Stop {
    bool (*asked)(void *of) = nullptr;
    void *of = nullptr;
    bool operator()() const { return asked && asked(of); }
};

// Asks that once in a million multiply-adds, which is a fraction of a millisecond; a yes stands.
struct Patience {
    Stop stop;
    index_t work = 0;
    bool over = false;
    bool ends(index_t multiply_adds) {
        work += multiply_adds;
        if (work < 1 << 20) return over;
        work = 0;
        return over = over || stop();
    }
};

// A share of the right-hand sides.
struct Range {
    index_t begin, end;
    Stop stop = {};
};

// A sparse matrix by columns; column j holds val[ptr[j] .. ptr[j + 1]) in rows idx[...]. Without weights each counts once.
template <class T, class I> struct Columns {
    const I *ptr;
    const I *idx;
    const T *val;
    const T *weight = nullptr;
};

// min over x >= 0 of x'Gx/2 - (c + offset)'x, the same G (k, k) for every right-hand side.
template <class T> struct Problem {
    const T *G;
    const T *offset; // (k,)
    index_t k;
};

// What is added to each right-hand side's own Gram matrix and cross product: (l2 + n l2_known) on the diagonal and
// pull + n pull_known, n being the number of its known rows; (k,) each.
template <class T> struct Ridge {
    const T *l2;
    const T *l2_known;
    const T *pull;
    const T *pull_known;
};

// min over x >= 0 of D(b, Ax) + linear'x + x'diag(l2)x/2; mass is the slope of what is summed without a look at b: the
// column sums of A for the stored kind, else zero. (k,) each.
template <class T> struct Smooth {
    const T *mass;
    const T *linear;
    const T *l2;
    index_t k;
};

// What a sparse right-hand side adds to linear and l2 for each entry that it stores; (k,) each.
template <class T> struct PerEntry {
    const T *linear;
    const T *l2;
};

enum Loss : int { kullback_leibler = 0,
                  itakura_saito = 1,
                  kullback_leibler_stored = 2 };

// Newton steps, and coordinate sweeps on the quadratic model of each; without a step the divergence alone is computed.
struct Effort {
    index_t steps, sweeps;
};

// The extremes, the sum and the sum of squares of some numbers.
struct ArrayStats {
    double low, high, total, square;
};

constexpr ArrayStats no_stats{INFINITY, -INFINITY, 0, 0};

static inline ArrayStats together(const ArrayStats &a, const ArrayStats &b) {
    return {b.low < a.low ? b.low : a.low, b.high > a.high ? b.high : a.high, a.total + b.total, a.square + b.square};
}

// How the rows of a large A (m, k) are read for right-hand sides that know some of them each: `rows` at a time, for as many
// right-hand sides as `together` says.
struct Tiling {
    index_t m, rows, together;
};

constexpr index_t most_together = 512;

// One complementarity problem per right-hand side, summed over the rows i that are present in a column of n rows:
//     M = base + n diag(l2_known) + sum_i (left_i right_i' + diag(extra_i))
//     q = offset + n pull_known + sum_i val_i left_i
struct Rows {
    const double *left;       // (m, stride), padded with zeros
    const double *right;      // (m, stride), padded with zeros; unused where M is symmetric
    index_t stride;
    const double *extra;      // (m, k) or null
    const double *base;       // (k, k)
    const double *l2_known;   // (k,)
    const double *offset;     // (k,)
    const double *pull_known; // (k,)
};

enum Method : int { symmetric = 0,
                    general = 1,
                    degenerate = 2 };

// dz/dt = F z + f from z on, followed for `longest` or until one of the signals B z + c is above zero.
struct Motion {
    const double *F; // (n, n)
    const double *f; // (n,)
    const double *z; // (n,)
    const double *B; // (q, n)
    const double *c; // (q,)
    index_t n, q;
    double longest;
    double scale;     // the largest |z| so far
    double tolerance; // of the largest |z| so far: how exact the motion between two knots is
    Stop stop;
};

enum class Outcome : int { crossed = 0,
                           outlasted = 1,
                           rested = 2,
                           endless = 3 };

// Where the knots of a motion go: state, speed and acceleration (3, n), in rows of `row`, at a time since it began.
struct Sink {
    void (*take)(void *to, double time, const double *knot, index_t row);
    void *to;
};

struct Knots {
    const double *times;  // (count,), ascending
    const double *states; // (count, 3, n)
    index_t count, n;
};

// Groups of like patches of a picture (channels, rows, columns), noise of variance 1: `sums` and `counts` of mixtures.
struct Alike {
    const float *noisy, *estimate; // (channels, rows, columns); the noisy picture itself in the first pass
    const std::int16_t *levels;    // (rows, columns), by which patches are alike
    index_t channels, rows, columns;
    index_t step, radius, members; // between groups, of the window, most of a group
    index_t band, parity;          // rows of groups that one thread does at once; every other band
    float ridge[2];                // of the first channel and of others, in shares of the noise
    bool first;
    float *sums;   // (channels, rows, columns)
    float *counts; // (rows, columns)
};

// Scratch sizes are in numbers of the kernel's own type. `answer` is read as a start and written.
template <class T> struct Dense {
    index_t lanes; // rows of padded factors are a multiple of this long
    index_t block; // right-hand sides that are swept together
    index_t (*sweep_scratch)(index_t k);
    void (*sweep)(Problem<T>, const T *C, T *answer, index_t sweeps, Range, T *scratch);
    void (*sweep_rows)(const T *X, index_t n, index_t m, const T *A, Problem<T>, T *answer, index_t sweeps, double *fit, Range,
                       T *scratch);
    void (*sweep_columns)(const T *X, index_t n, index_t m, const T *A, Problem<T>, T *answer, index_t sweeps, double *fit, Range,
                          T *scratch);
    index_t (*products_scratch)(index_t k);
    T (*products_of_rows)(const T *X, index_t m, const T *A, index_t k, T *C, Range, T *scratch);
    T (*products_of_columns)(const T *X, index_t n, index_t m, const T *A, index_t k, T *C, Range, T *scratch);
    index_t (*gram_scratch)(index_t k);
    void (*gram)(const T *A, index_t row, index_t column, index_t k, Range, T *G, T *scratch);
    ArrayStats (*array_stats)(const T *x, Range);
    index_t (*descend_own_scratch)(index_t k);
    bool (*descend_own)(const T *G, index_t row, index_t k, const T *c, T l2, T relative, T tolerance, T *x, T *scratch);
};

template <class T, class I> struct Sparse {
    index_t (*sums_size)(index_t k);
    index_t (*masked_scratch)(index_t k, index_t together);
    void (*cross)(const T *A, index_t k, Columns<T, I>, T *out, Range);
    void (*sddmm)(const T *A, const T *X, index_t k, Columns<T, I>, T *out, Range);
    void (*sweep_sparse)(const T *A, Columns<T, I>, Problem<T>, T *answer, index_t sweeps, double *fit, Range, T *scratch);
    void (*masked_sweep)(const T *A, index_t k, index_t row, Columns<T, I>, Tiling, Ridge<T>, T *answer, index_t sweeps, double *fit,
                         Range, T *scratch);
    void (*masked_lcp)(Rows, index_t k, Columns<T, I>, Method, double *answer, std::uint8_t *failed, Range, double *scratch);
};

// Newton steps on a divergence.
template <class T> struct NewtonDense {
    index_t (*scratch)(index_t k);
    void (*solve)(const T *X, index_t row, index_t column, index_t n, index_t m, const T *A, Smooth<T>, Loss, Effort, T *answer,
                  double *fit, Range, T *scratch);
};

template <class T, class I> struct NewtonSparse {
    index_t (*scratch)(index_t k);
    void (*solve)(const T *A, Columns<T, I>, Smooth<T>, PerEntry<T>, Loss, Effort, T *answer, double *fit, Range, T *scratch);
};

struct Newtons {
    NewtonDense<float> dense_f;
    NewtonDense<double> dense_d;
    NewtonSparse<float, std::int32_t> sparse_fi;
    NewtonSparse<float, std::int64_t> sparse_fl;
    NewtonSparse<double, std::int32_t> sparse_di;
    NewtonSparse<double, std::int64_t> sparse_dl;
};

// A (m, k) by its strides.
struct Strided {
    const double *data;
    index_t row, column, m, k;
};

struct Exact {
    index_t (*scratch)(index_t k);
    index_t (*masked_scratch)(index_t k);
    void (*lcp)(const double *M, index_t k, const double *inverse, const double *Q, Method, double *answer, std::uint8_t *failed, Range, double *scratch);
    index_t (*one_scratch)(index_t k);
    double (*one)(Strided A, const double *b, double l2, double l1, double *answer, double *scratch);
};

// What codes of a picture's planes are expected to be: weights [phase, atom, earlier atom], and counts of tokens to begin with.
struct PictureModel {
    const std::uint8_t *own, *near;          // (2, 64, 64)
    const std::uint8_t *same, *bias;         // (2, 64)
    const std::uint16_t *counts, *dc_counts; // (28, 31), (14, 31)
};

// Atoms of 8 x 8 pixels; what a level is worth, in 2^-16; the largest level of each. `noisy` is null unless levels or scales
// are no whole numbers: levels times scale.
struct PictureDictionary {
    const std::int32_t *levels; // (64 atoms, 64 pixels)
    const std::int32_t *scale, *peak;
    const double *noisy;
};

// Samples in sixteenths of a grey level around the middle one, the rows of each plane `row` apart.
struct PicturePlanes {
    const std::int16_t *at[3];
    index_t row[3];
    int n;
    bool halved; // chroma is of half the resolution
};

// A part of a picture whose codes are one stream: planes of (m, n) samples, atoms in use, steps in sixteenths.
struct PictureTile {
    int planes;
    index_t m[3], n[3];
    int in_use[3], step[3];
    std::int16_t *out[3];
    index_t row[3];
};

// What an encoder is given for each plane of a tile, and may give back; see RateDistortion.
struct PictureChoice {
    const float *exact[3], *gradient[3];
    std::int16_t *code[3]; // or null; (patches, 64), all but the DC atom's, which goes to `dc`
    std::int32_t *dc[3];
    std::int8_t *context[3];
    std::int64_t *learnt[3];
    float lambda;
};

// Of the edges between patches: codes have this step, in sixteenths; `strong` takes more of what may be the picture's.
struct Smoothing {
    int step;
    bool strong;
};

struct Pictures {
    index_t (*plane_bytes)(index_t rows, index_t columns); // of scratch, for patches in a column and in a row
    bool (*read_first)(const PictureTile &, const PictureModel *, const PictureDictionary &, const std::uint8_t *data, index_t bytes,
                       std::uint8_t *scratch);
    bool (*read_tile)(const PictureTile &, const PictureModel *, const PictureDictionary &, const std::uint8_t *data, index_t words,
                      index_t bytes, std::uint8_t *scratch);
    index_t (*most_written)(index_t patches); // bytes, of all planes of a tile together
    index_t (*write_tile)(const PictureTile &, const PictureModel *, const PictureChoice &, std::uint8_t *out, index_t *words,
                          std::uint8_t *scratch);
    void (*smooth_rows)(std::int16_t *plane, index_t row, index_t n, Smoothing, Range rows);
    void (*smooth_across)(std::int16_t *plane, index_t row, index_t n, Smoothing);
    index_t (*colour_scratch)(index_t n);
    void (*colour_rows)(const PicturePlanes &, index_t m, index_t n, index_t first, Range rows, std::uint8_t *out, std::int32_t *scratch);
};

struct Table {
    const char *name;
    const Pictures *pictures;
    const Newtons *newtons;
    Exact exact;
    index_t (*follow_scratch)(index_t n, index_t q);
    Outcome (*follow)(Motion, double *end, std::uint8_t *crossed, Sink, double *scratch);
    void (*between)(Knots, const double *time, index_t count, double *out);
    index_t (*alike_scratch)();
    void (*mix_alike)(const Alike &, Range bands, float *scratch);
    Dense<float> dense_f;
    Dense<double> dense_d;
    Sparse<float, std::int32_t> sparse_fi;
    Sparse<float, std::int64_t> sparse_fl;
    Sparse<double, std::int32_t> sparse_di;
    Sparse<double, std::int64_t> sparse_dl;
};

} // namespace mho
