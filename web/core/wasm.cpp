// The kernels that a page needs, as WebAssembly: scripts/wasm.sh builds it. No threads, no Python; memory is asked for from
// outside. Beside them NumPy's own random numbers, so that a seed gives the same chip in a page as in Python.
#include <stdlib.h>
#include "kernels.hpp"
#include "draw.hpp"

namespace mho {
#include "vector.inl"
#include "array_stats.inl"
#include "dense.inl"
#include "sparse.inl"
#include "sweep.inl"
#include "cross.inl"
#include "row_gram.inl"
#include "descend.inl"
#include "masked.inl"
#include "lcp.inl"
#include "lcp_lanes.inl"
#include "motion.inl"

namespace {

struct Kept {
    double *times, *knots;
    int count, most, n;
};

void keep(void *to, double time, const double *knot, index_t row) {
    auto &kept = *static_cast<Kept *>(to);
    if (kept.count >= kept.most) return;
    kept.times[kept.count] = time;
    for (int part = 0; part < 3; ++part)
        for (int i = 0; i < kept.n; ++i) kept.knots[(kept.count * 3 + part) * kept.n + i] = knot[part * row + i];
    ++kept.count;
}

} // namespace
} // namespace mho

using namespace mho;
#define EXPORT(name) __attribute__((export_name(#name)))

extern "C" {

EXPORT(alloc) void *mho_alloc(unsigned bytes) { return aligned_alloc(64, (bytes + 127) / 64 * 64); }

EXPORT(release) void mho_release(void *p) { free(p); }

EXPORT(lcp_scratch) int mho_lcp_scratch(int k) { return static_cast<int>(lcp_total_scratch(k)); }

EXPORT(lcp)
void mho_lcp(const double *M, int k, const double *inverse, const double *Q, int n, int method, double *x, std::uint8_t *failed,
             double *scratch) {
    lcp(M, k, inverse, Q, static_cast<Method>(method), x, failed, Range{0, n}, scratch);
}

EXPORT(follow_scratch) int mho_follow_scratch(int n, int q) { return static_cast<int>(follow_scratch(n, q)); }

// Outcome + 16 x number of knots; with `most` knots there may have been more.
EXPORT(follow)
int mho_follow(const double *F, const double *f, const double *z, const double *B, const double *c, int n, int q, double longest,
               double scale, double tolerance, double *end, std::uint8_t *crossed, double *times, double *knots, int most,
               double *scratch) {
    Kept kept{times, knots, 0, most, n};
    const Outcome how = follow(Motion{F, f, z, B, c, n, q, longest, scale, tolerance, Stop{}}, end, crossed, Sink{keep, &kept}, scratch);
    return static_cast<int>(how) + 16 * kept.count;
}

EXPORT(between)
void mho_between(const double *times, const double *states, int count, int n, const double *at, int samples, double *out) {
    between(Knots{times, states, count, n}, at, samples, out);
}

EXPORT(sweep_scratch) int mho_sweep_scratch(int k) { return static_cast<int>(sweep_scratch<double>(k)); }

EXPORT(sweep_rows)
void mho_sweep_rows(const double *X, int n, int m, const double *A, const double *G, const double *offset, int k, double *answer,
                    int sweeps, double *fit, double *scratch) {
    sweep_rows<double>(X, n, m, A, Problem<double>{G, offset, k}, answer, sweeps, fit, Range{0, n}, scratch);
}

EXPORT(sweep_columns)
void mho_sweep_columns(const double *X, int n, int m, const double *A, const double *G, const double *offset, int k, double *answer,
                       int sweeps, double *fit, double *scratch) {
    sweep_columns<double>(X, n, m, A, Problem<double>{G, offset, k}, answer, sweeps, fit, Range{0, n}, scratch);
}

// See draw.hpp.
EXPORT(draw) void mho_draw(std::uint64_t *generator, int normal, int count, double *out) { draw(generator, normal != 0, count, out); }
}
