// NumPy's own random numbers, so that a seed gives the same chip in a page as in Python.
#pragma once
#include <cmath>
#include <cstdint>

namespace mho {
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

// `count` numbers, normal or uniform in [0, 1), from a generator (state and increment, low and high half each), which moves on.
inline void draw(std::uint64_t *generator, bool normal, int count, double *out) {
    static const Ziggurat ziggurat;
    const auto whole = [generator](int i) { return static_cast<unsigned __int128>(generator[i + 1]) << 64 | generator[i]; };
    Generator g{whole(0), whole(2)};
    for (int i = 0; i < count; ++i) out[i] = normal ? ziggurat.draw(g) : g.uniform();
    generator[0] = static_cast<std::uint64_t>(g.state), generator[1] = static_cast<std::uint64_t>(g.state >> 64);
}

} // namespace
} // namespace mho
