// Codes of a plane's patches, one per atom and patch: their order in a `.mho` file, and what each is expected to be.
//
// The DC atom first, coarse to fine, each code predicted from those around it. Then atom by atom, each in two phases, a
// checkerboard of patches: a code's context is its expected magnitude, a weighted sum of magnitudes that both sides know.

namespace {

constexpr int atoms = 64, loudest = 63, contexts = 28, dc_contexts = 14, tokens = 31, most_contexts = 32;
constexpr int largest_code = 8191; // that has a token
constexpr int count_gain = 8, count_limit = 1 << 16;
constexpr int edges = contexts - 1;
constexpr int edge_of_context[edges] = {1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128,
                                        181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4096, 5793, 8192, 11585};
constexpr int loudest_activity = edge_of_context[edges - 1];

// Numbers below 12 have a token of their own; above, two tokens share each octave, and plain bits follow.
struct Alphabet {
    std::uint16_t first[tokens + 1] = {};
    std::uint8_t bits[tokens] = {};
    std::uint8_t token[largest_code + 1] = {};
    std::uint8_t context[loudest_activity + 1] = {};
    std::uint8_t magnitude[tokens] = {}; // as contexts count it, 0 where bits that follow tell

    constexpr Alphabet() {
        for (int t = 0; t < 13; ++t) first[t] = static_cast<std::uint16_t>(t);
        bits[12] = 2;
        for (int octave = 4, t = 13; octave < 13; ++octave, t += 2) {
            first[t] = static_cast<std::uint16_t>(1 << octave);
            first[t + 1] = static_cast<std::uint16_t>(3 << (octave - 1));
            bits[t] = bits[t + 1] = static_cast<std::uint8_t>(octave - 1);
        }
        first[tokens] = largest_code + 1;
        for (int t = 0; t < tokens; ++t) magnitude[t] = t < 12 ? t : first[t] >= loudest ? loudest
                                                                                         : 0;
        for (int t = 0; t < tokens; ++t)
            for (int n = first[t]; n < first[t + 1]; ++n) token[n] = static_cast<std::uint8_t>(t);
        for (int a = 0, c = 0; a <= loudest_activity; ++a) {
            if (c < edges && a >= edge_of_context[c]) ++c;
            context[a] = static_cast<std::uint8_t>(c);
        }
    }
};

constexpr Alphabet alphabet{};

// The counts of tokens in each context, both sides of a file keeping the same ones.
struct Counts {
    std::uint32_t of[most_contexts][tokens + 1] = {};
    int n = 0;

    Counts(const std::uint16_t *prior, int contexts_in_use) : n(contexts_in_use) {
        for (int c = 0; c < n; ++c)
            for (int t = 0; t < tokens; ++t) of[c][t] = prior[c * tokens + t];
    }

    std::uint32_t total(int c) const {
        std::uint32_t sum = 0;
        for (int t = 0; t <= tokens; ++t) sum += of[c][t]; // the last is zero: a whole number of vectors
        return sum;
    }

    void learn(int context, int token) { of[context][token] += count_gain; }

    // At the end of a visit: halves what has grown beyond the limit.
    void forget() {
        for (int c = 0; c < n; ++c)
            while (total(c) > count_limit)
                for (int t = 0; t < tokens; ++t) of[c][t] = (of[c][t] + 1) / 2;
    }
};

// Codes that are read or written together: `cell` are their patches, `predicted` is null but for the DC atom. `token` has
// zeros behind, up to a multiple of eight.
struct Visit {
    int atom, n;
    const std::uint8_t *context;
    const std::int32_t *cell, *predicted;
    std::int32_t *code; // less what was predicted; that of token 0 is not set
    std::uint8_t *token;
    std::int32_t *order;
};

// body(i) for each i < n whose token is not zero.
template <class Body> inline void each_nonzero(const std::uint8_t *token, index_t n, Body body) {
    for (index_t begin = 0; begin < n; begin += 8) {
        std::uint64_t eight; // the first in the lowest bits
        __builtin_memcpy(&eight, token + begin, 8);
        while (eight) {
            const int k = __builtin_ctzll(eight) / 8;
            body(begin + k);
            eight &= ~(std::uint64_t{255} << 8 * k);
        }
    }
}

constexpr index_t place_block = 128; // places whose activities are summed together

// Codes of one plane while they are visited. A patch of phase p in row r is number k of its row, in column
// 2 k + ((r + p) & 1); arrays of magnitudes have a frame of zeros, so that all have neighbours.
struct Plane {
    index_t rows, columns, stride, size, patches;
    index_t n[2];
    std::int32_t *cell[2], *place[2]; // of each patch of a phase: its number in the plane, its place in the arrays
    std::uint8_t *magnitude[2], *near[2]; // (atoms, size); near is the sum over the four patches beside
    std::uint64_t *loud[2], *loud_near[2]; // (size / place_block,): a bit for each atom that is not zero throughout the block
    std::uint64_t *used; // (patches,): a bit for each atom whose code is not zero, but for the DC atom
    std::int16_t *code;  // (patches, atoms), of atoms in use
    std::int32_t *dc;    // (patches,)
    std::uint8_t *frame; // (size,): contexts
    std::uint8_t *context, *token;
    std::int32_t *value, *order, *predicted, *where; // (patches,)
};

constexpr index_t rounded_up(index_t n) { return (n + 63) / 64 * 64; }

struct Layout {
    std::uint8_t *at;
    index_t used = 0;
    template <class T> void take(T *&p, index_t n) {
        p = reinterpret_cast<T *>(at + used);
        used += rounded_up(n * static_cast<index_t>(sizeof(T)));
    }
};

inline index_t lay_out(Plane &plane, index_t rows, index_t columns, std::uint8_t *memory) {
    plane.rows = rows, plane.columns = columns, plane.patches = rows * columns;
    plane.stride = (columns + 1) / 2 + 2;
    plane.size = ((rows + 2) * plane.stride + 64 + place_block - 1) / place_block * place_block;
    Layout layout{memory};
    for (int p = 0; p < 2; ++p) {
        layout.take(plane.cell[p], plane.patches / 2 + 1), layout.take(plane.place[p], plane.patches / 2 + 1);
        layout.take(plane.magnitude[p], atoms * plane.size), layout.take(plane.near[p], atoms * plane.size);
        layout.take(plane.loud[p], plane.size / place_block), layout.take(plane.loud_near[p], plane.size / place_block);
    }
    layout.take(plane.used, plane.patches);
    layout.take(plane.code, atoms * plane.patches), layout.take(plane.dc, plane.patches), layout.take(plane.frame, plane.size);
    layout.take(plane.context, plane.patches), layout.take(plane.token, plane.patches + 8);
    layout.take(plane.value, plane.patches), layout.take(plane.order, plane.patches);
    layout.take(plane.predicted, plane.patches), layout.take(plane.where, plane.patches);
    return layout.used;
}

inline index_t plane_bytes(index_t rows, index_t columns) {
    Plane plane;
    return lay_out(plane, rows, columns, nullptr);
}

inline void clear(void *memory, index_t bytes) { __builtin_memset(memory, 0, static_cast<std::size_t>(bytes)); }

inline void begin(Plane &plane) {
    for (int p = 0; p < 2; ++p) {
        index_t n = 0;
        for (index_t r = 0; r < plane.rows; ++r)
            for (index_t c = (r + p) & 1, k = 0; c < plane.columns; c += 2, ++k, ++n) {
                plane.cell[p][n] = static_cast<std::int32_t>(r * plane.columns + c);
                plane.place[p][n] = static_cast<std::int32_t>((r + 1) * plane.stride + 1 + k);
            }
        plane.n[p] = n;
        clear(plane.magnitude[p], atoms * plane.size), clear(plane.near[p], atoms * plane.size);
        clear(plane.loud[p], plane.size / place_block * 8), clear(plane.loud_near[p], plane.size / place_block * 8);
    }
    clear(plane.used, plane.patches * 8), clear(plane.dc, plane.patches * 4);
}

inline int spread_context(std::int64_t spread) {
    int bits = 0;
    for (; spread > 0 && bits < dc_contexts - 2; spread >>= 1) ++bits;
    return bits;
}

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && a < 0); }

// The mean of those of four neighbours that are in the plane, rounded, and a context from how far they are apart.
inline void predict(const Plane &plane, index_t r, index_t c, const int (*around)[2], index_t distance, std::int32_t &mean,
                    std::uint8_t &context) {
    std::int64_t value[4], total = 0, spread = 0;
    int count = 0;
    for (int i = 0; i < 4; ++i) {
        const index_t y = r + distance * around[i][0], x = c + distance * around[i][1];
        if (y < 0 || y >= plane.rows || x < 0 || x >= plane.columns) continue;
        total += value[count++] = plane.dc[y * plane.columns + x];
    }
    const std::int64_t middle = count == 4 ? (2 * total + 4) >> 3 : count ? floor_div(2 * total + count, 2 * count)
                                                                          : 0;
    for (int i = 0; i < count; ++i) spread += value[i] < middle ? middle - value[i] : value[i] - middle;
    mean = static_cast<std::int32_t>(middle), context = static_cast<std::uint8_t>(spread_context(spread));
}

template <class Coder> void visit_dc(Plane &plane, Coder &coder, Counts &counts, int n) {
    if (!n) return;
    coder.visit(Visit{0, n, plane.context, plane.where, plane.predicted, plane.value, plane.token, plane.order}, counts);
    for (int i = 0; i < n; ++i) plane.dc[plane.where[i]] = plane.predicted[i];
    each_nonzero(plane.token, n, [&](index_t i) { plane.dc[plane.where[i]] += plane.value[i]; });
}

template <class Coder> void scan_dc(Plane &plane, Coder &coder, const std::uint16_t *prior) {
    constexpr int coarsest = 16, diagonal[4][2] = {{-1, -1}, {-1, 1}, {1, -1}, {1, 1}},
                  straight[4][2] = {{-1, 0}, {0, -1}, {0, 1}, {1, 0}};
    Counts counts(prior, dc_contexts);
    int n = 0;
    const auto add = [&](index_t first_row, index_t first_column, index_t step, const int (*around)[2]) {
        for (index_t r = first_row; r < plane.rows; r += step)
            for (index_t c = first_column; c < plane.columns; c += step, ++n) {
                plane.where[n] = static_cast<std::int32_t>(r * plane.columns + c);
                if (around) predict(plane, r, c, around, step / 2, plane.predicted[n], plane.context[n]);
                else plane.predicted[n] = 0, plane.context[n] = dc_contexts - 1;
            }
    };
    add(0, 0, coarsest, nullptr), visit_dc(plane, coder, counts, n);
    for (index_t step = coarsest; step > 1; step /= 2) {
        n = 0, add(step / 2, step / 2, step, diagonal), visit_dc(plane, coder, counts, n);
        n = 0, add(0, step / 2, step, straight), add(step / 2, 0, step, straight), visit_dc(plane, coder, counts, n);
    }
}

using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using Words16 = std::uint16_t __attribute__((vector_size(32)));
constexpr index_t activity_lanes = sizeof(Words16) / 2, activity_vectors = place_block / activity_lanes;

inline Words16 lesser(Words16 a, Words16 b) { return a < b ? a : b; }

// a + b, at most 65,535: activities from `loudest_activity` on are alike.
inline Words16 added(Words16 a, Words16 b) { return a + lesser(b, ~a); }

// sum += w x over a block.
inline void add_weighted(Words16 *sum, int w, const std::uint8_t *x) {
    const auto weight = static_cast<std::uint16_t>(w);
    for (index_t s = 0; s < activity_vectors; ++s) {
        Bytes16 bytes;
        __builtin_memcpy(&bytes, x + s * activity_lanes, sizeof bytes);
        sum[s] = added(sum[s], __builtin_convertvector(bytes, Words16) * weight);
    }
}

inline std::uint64_t not_zero(const std::uint8_t *weights, int n) {
    std::uint64_t found = 0;
    for (int i = 1; i < n; ++i) found |= static_cast<std::uint64_t>(weights[i] != 0) << i;
    return found;
}

template <class Body> inline void each_bit(std::uint64_t bits, Body body) {
    for (; bits; bits &= bits - 1) body(__builtin_ctzll(bits));
}

// Contexts of all places of a phase, by the magnitude expected there.
inline void expect(const Plane &plane, const PictureModel &model, int p, int j) {
    const std::uint8_t *own = model.own + (p * atoms + j) * atoms, *near = model.near + (p * atoms + j) * atoms;
    const std::uint64_t own_used = not_zero(own, j), near_used = not_zero(near, j), same = p == 1 ? std::uint64_t{1} << j : 0;
    const std::uint16_t bias = model.bias[p * atoms + j];
    const index_t end = (plane.rows + 1) * plane.stride;
    for (index_t b = plane.stride / place_block, begin = b * place_block; begin < end; ++b, begin += place_block) {
        const std::uint64_t own_bits = plane.loud[p][b] & own_used, near_bits = plane.loud_near[p][b] & near_used;
        const std::uint64_t same_bit = plane.loud_near[p][b] & same;
        if (!(own_bits | near_bits | same_bit)) {
            __builtin_memset(plane.frame + begin, alphabet.context[bias], place_block);
            continue;
        }
        Words16 sum[activity_vectors];
        for (auto &s : sum) s = Words16{} + bias;
        const std::uint8_t *magnitude = plane.magnitude[p] + begin, *beside = plane.near[p] + begin;
        each_bit(own_bits, [&](int i) { add_weighted(sum, own[i], magnitude + i * plane.size); });
        each_bit(near_bits, [&](int i) { add_weighted(sum, near[i], beside + i * plane.size); });
        if (same_bit) add_weighted(sum, model.same[atoms + j], beside + j * plane.size);
        std::uint16_t activity[place_block];
        for (auto &s : sum) s = lesser(s, Words16{} + static_cast<std::uint16_t>(loudest_activity));
        __builtin_memcpy(activity, sum, sizeof activity);
        for (index_t i = 0; i < place_block; ++i) plane.frame[begin + i] = alphabet.context[activity[i]];
    }
}

// What a phase's new magnitudes are to the other phase.
inline void spread(Plane &plane, int p, int j) {
    const std::uint8_t *__restrict from = plane.magnitude[p] + j * plane.size;
    std::uint8_t *__restrict to = plane.near[1 - p] + j * plane.size;
    const index_t blocks = plane.size / place_block, stride = plane.stride, reach = stride + 1;
    const std::uint64_t bit = std::uint64_t{1} << j;
    bool any = false;
    for (index_t b = 0; b < blocks; ++b) {
        if (!(plane.loud[p][b] & bit)) continue;
        any = true;
        const index_t first = b * place_block - reach, last = b * place_block + place_block - 1 + reach;
        for (index_t beside = first < 0 ? 0 : first / place_block; beside <= last / place_block && beside < blocks; ++beside)
            plane.loud_near[1 - p][beside] |= bit;
    }
    if (!any) return;
    for (index_t r = 0; r < plane.rows; ++r) {
        const index_t row = (r + 1) * stride, beside = (r + 1 - p) & 1 ? 1 : -1;
        for (index_t at = row + 1; at < row + stride - 1; ++at)
            to[at] = static_cast<std::uint8_t>(from[at - stride] + from[at + stride] + from[at] + from[at + beside]);
    }
}

// Seldom needed: compilers that would work it out for every code are kept from that.
__attribute__((noinline)) std::uint8_t felt(std::int32_t code) {
    const std::int32_t size = code < 0 ? -code : code;
    return static_cast<std::uint8_t>(size < loudest ? size : loudest);
}

template <class Coder> void scan_phase(Plane &plane, const PictureModel &model, Coder &coder, Counts &counts, int p, int j) {
    const index_t n = plane.n[p];
    if (!n) return;
    expect(plane, model, p, j);
    std::uint8_t *context = plane.context;
    for (index_t r = 0; r < plane.rows; ++r) {
        const index_t count = (plane.columns + 1 - ((r + p) & 1)) / 2;
        __builtin_memcpy(context, plane.frame + (r + 1) * plane.stride + 1, static_cast<std::size_t>(count));
        context += count;
    }
    coder.visit(Visit{j, static_cast<int>(n), plane.context, plane.cell[p], nullptr, plane.value, plane.token, plane.order}, counts);
    std::uint8_t *magnitude = plane.magnitude[p] + j * plane.size;
    const std::uint64_t bit = std::uint64_t{1} << j;
    each_nonzero(plane.token, n, [&](index_t i) {
        const index_t cell = plane.cell[p][i], place = plane.place[p][i];
        plane.code[cell * atoms + j] = static_cast<std::int16_t>(plane.value[i]), plane.used[cell] |= bit;
        magnitude[place] = alphabet.magnitude[plane.token[i]] ? alphabet.magnitude[plane.token[i]] : felt(plane.value[i]);
        plane.loud[p][place / place_block] |= bit;
    });
    spread(plane, p, j);
}

// Visits every code of a plane; of atoms from `in_use` on, all are zero.
template <class Coder> void scan(Plane &plane, const PictureModel &model, int in_use, Coder &coder) {
    begin(plane);
    scan_dc(plane, coder, model.dc_counts);
    Counts counts(model.counts, contexts);
    for (int j = 1; j < in_use && coder.going_on(); ++j)
        for (int p = 0; p < 2; ++p) scan_phase(plane, model, coder, counts, p, j);
    coder.leave(counts);
}

} // namespace
