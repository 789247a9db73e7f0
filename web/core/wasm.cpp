// The kernels that a page needs, as WebAssembly: scripts/wasm.sh builds it. No threads, no Python; memory is asked for from
// outside. Beside them NumPy's own random numbers, so that a seed gives the same chip in a page as in Python.
#include <stdlib.h>
#include "kernels.hpp"

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

// PCG XSL RR 128/64 (O'Neill 2014), as NumPy's PCG64 steps it.
struct Generator {
    unsigned __int128 state, increment;

    std::uint64_t next() {
        state = state * ((static_cast<unsigned __int128>(2549297995355413924ULL) << 64) + 4865540595714422341ULL) + increment;
        const auto mixed = static_cast<std::uint64_t>(state >> 64) ^ static_cast<std::uint64_t>(state);
        const auto turn = static_cast<unsigned>(state >> 122);
        return mixed >> turn | mixed << (-turn & 63);
    }

    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

// Ziggurat of 256 layers (Marsaglia and Tsang 2000): integers of 52 bits that are surely inside, widths, heights.
struct Ziggurat {
    static constexpr double tail = 3.6541528853610087963519472518, area = 0.0049286732339746519;
    std::uint64_t inside[256];
    double width[256], height[256];

    Ziggurat() {
        constexpr double whole = 0x1p52;
        const double base = exp(-0.5 * tail * tail);
        double x = tail, before = x;
        const double q = area / base;
        inside[0] = static_cast<std::uint64_t>(x / q * whole), inside[1] = 0;
        width[0] = q / whole, width[255] = x / whole;
        height[0] = 1, height[255] = base;
        for (int i = 254; i > 0; --i) {
            x = sqrt(-2 * log(area / x + exp(-0.5 * x * x)));
            inside[i + 1] = static_cast<std::uint64_t>(x / before * whole);
            before = x;
            width[i] = x / whole, height[i] = exp(-0.5 * x * x);
        }
    }

    double draw(Generator &g) const {
        for (;;) {
            std::uint64_t bits = g.next();
            const unsigned layer = bits & 0xff;
            bits >>= 8;
            const bool negative = bits & 1;
            const std::uint64_t size = bits >> 1 & 0xfffffffffffffULL;
            const double x = static_cast<double>(size) * width[layer] * (negative ? -1 : 1);
            if (size < inside[layer]) return x;
            if (layer == 0) {
                for (;;) {
                    const double beyond = -log1p(-g.uniform()) / tail, trial = -log1p(-g.uniform());
                    if (trial + trial > beyond * beyond) return size >> 8 & 1 ? -(tail + beyond) : tail + beyond;
                }
            }
            if ((height[layer - 1] - height[layer]) * g.uniform() + height[layer] < exp(-0.5 * x * x)) return x;
        }
    }
};

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

// `count` numbers, normal or uniform in [0, 1), from a generator (state and increment, low and high half each), which moves on.
EXPORT(draw) void mho_draw(std::uint64_t *generator, int normal, int count, double *out) {
    static const Ziggurat ziggurat;
    const auto whole = [generator](int i) { return static_cast<unsigned __int128>(generator[i + 1]) << 64 | generator[i]; };
    Generator g{whole(0), whole(2)};
    for (int i = 0; i < count; ++i) out[i] = normal ? ziggurat.draw(g) : g.uniform();
    generator[0] = static_cast<std::uint64_t>(g.state), generator[1] = static_cast<std::uint64_t>(g.state >> 64);
}
}
