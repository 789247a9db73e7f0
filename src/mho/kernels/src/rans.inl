// Codes of `.mho` files of version 2: tokens by four interleaved rANS coders (Duda-2013) with states of 32 bits, words of 16
// and probabilities of 15; signs and plain bits beside them as they are.

namespace {

constexpr int rans_bits = 15, rans_whole = 1 << rans_bits, lanes_of_coder = 4, lookup_shift = 8;
constexpr std::uint32_t rans_low = 1u << 16;

// Cumulative shares of the tokens of a context, each at least one.
inline void share(const std::uint32_t *counts, std::uint32_t total, std::uint16_t *cumulative) {
    const std::uint32_t scale = (static_cast<std::uint32_t>(rans_whole - tokens) << 16) / total;
    std::uint32_t size[tokens + 1], sum = 0, most = 0;
    for (int t = 0; t <= tokens; ++t) size[t] = 1 + (counts[t] * scale >> 16); // counts scale <= total scale < 2^31
    for (int t = 0; t <= tokens; ++t) sum += size[t], most = size[t] > most ? size[t] : most;
    int widest = 0;
    while (size[widest] < most) ++widest;
    size[widest] += rans_whole + 1 - sum; // one of them is of no token
    cumulative[0] = 0;
    for (int t = 0; t < tokens; ++t) cumulative[t + 1] = static_cast<std::uint16_t>(cumulative[t] + size[t]);
}

inline std::uint32_t in_use(const Visit &v) {
    std::uint32_t used = 0;
    for (int i = 0; i < v.n; ++i) used |= 1u << v.context[i];
    return used;
}

class RansReader {
public:
    // Words of the coder from the front, plain bits behind them.
    RansReader(const std::uint8_t *words, const std::uint8_t *bits, const std::uint8_t *end) : at_(words), words_end_(bits), bit_at_(bits), end_(end) {
        for (auto &x : state_) x = static_cast<std::uint32_t>(word()) << 16, x |= word();
    }

    bool going_on() const { return sound_; }
    void leave(const Counts &) {}

    // Whether all that was written, and no more, was read.
    bool ended() const {
        bool all = sound_ && at_ == words_end_;
        for (const std::uint32_t x : state_) all = all && x == rans_low;
        return all;
    }

    void visit(const Visit &v, Counts &counts) {
        const std::uint32_t used = in_use(v);
        for (int c = 0; c < counts.n; ++c)
            if (used >> c & 1) prepare(counts, c);
        read_tokens(v);
        for (int c = 0; c < counts.n; ++c)
            if (used >> c & 1) learn(counts, c);
        each_nonzero(v.token, v.n, [&](index_t i) { v.code[i] = signed_code(v.token[i]); });
        counts.forget();
    }

private:
    // Of one context in one visit.
    struct Shares {
        std::uint16_t from[tokens + 1];
        std::uint8_t first[rans_whole >> lookup_shift];   // token of the lowest place that begins so
        std::uint16_t seen[lanes_of_coder][tokens + 1]; // by each lane, whose numbers do not wait for one another
    };

    void prepare(const Counts &counts, int c) {
        Shares &shares = shares_[c];
        share(counts.of[c], counts.total(c), shares.from);
        __builtin_memset(shares.seen, 0, sizeof shares.seen);
        int slot = 0;
        for (int t = 0; t < tokens; ++t)
            for (; slot << lookup_shift < shares.from[t + 1]; ++slot) shares.first[slot] = static_cast<std::uint8_t>(t);
    }

    void learn(Counts &counts, int c) const {
        for (int l = 0; l < lanes_of_coder; ++l)
            for (int t = 0; t < tokens; ++t) counts.of[c][t] += count_gain * shares_[c].seen[l][t];
    }

    void read_tokens(const Visit &v) {
        std::uint32_t state[lanes_of_coder];
        for (int l = 0; l < lanes_of_coder; ++l) state[l] = state_[l];
        const std::uint8_t *at = at_, *const context = v.context, *const last = words_end_ - 2 * lanes_of_coder;
        Shares *const shares = shares_;
        std::uint8_t *const found = v.token;
        int i = 0;
        for (; i + lanes_of_coder <= v.n && at <= last; i += lanes_of_coder) {
            static_assert(lanes_of_coder == 4, "one after the other, so that each state has a register");
            const std::uint32_t a = token(shares[context[i]], 0, state[0], at), b = token(shares[context[i + 1]], 1, state[1], at);
            const std::uint32_t c = token(shares[context[i + 2]], 2, state[2], at), d = token(shares[context[i + 3]], 3, state[3], at);
            const std::uint32_t four = a | b << 8 | c << 16 | d << 24;
            __builtin_memcpy(found + i, &four, 4);
        }
        at_ = at;
        for (; i < v.n; ++i) { // the last words
            const int l = i % lanes_of_coder;
            const std::uint8_t none[2] = {}, *next = words_end_ - at_ < 2 ? none : at_, *const here = next;
            v.token[i] = static_cast<std::uint8_t>(token(shares_[v.context[i]], l, state[l], next));
            if (next == here) continue;
            if (here == none) sound_ = false;
            else at_ = next;
        }
        for (int l = 0; l < lanes_of_coder; ++l) state_[l] = state[l];
        for (; i % 8; ++i) v.token[i] = 0;
    }

    static std::uint32_t token(Shares &shares, int lane, std::uint32_t &state, const std::uint8_t *&at) {
        const std::uint32_t slot = state & (rans_whole - 1);
        std::uint32_t t = shares.first[slot >> lookup_shift];
        t += slot >= shares.from[t + 1]; // at most one more, nearly always
        while (slot >= shares.from[t + 1]) ++t;
        const std::uint32_t start = shares.from[t], x = (shares.from[t + 1] - start) * (state >> rans_bits) + slot - start;
        const std::uint32_t low = x < rans_low, word = static_cast<std::uint32_t>(at[0] | at[1] << 8);
        state = low ? x << 16 | word : x;
        at += 2 * low;
        ++shares.seen[lane][t];
        return t;
    }

    std::uint32_t word() {
        if (words_end_ - at_ < 2) {
            sound_ = false;
            return 0;
        }
        const std::uint32_t w = at_[0] | at_[1] << 8;
        at_ += 2;
        return w;
    }

    std::int32_t signed_code(int t) {
        const int bits = alphabet.bits[t];
        if (held_ <= bits) fill();
        if (held_ <= bits) sound_ = false, held_ = bits + 1; // zeros
        const std::int32_t size = alphabet.first[t] + static_cast<std::int32_t>(buffer_ >> 1 & ((1u << bits) - 1));
        const bool negative = buffer_ & 1;
        buffer_ >>= bits + 1, held_ -= bits + 1;
        return negative ? -size : size;
    }

    void fill() {
        for (; held_ <= 56 && bit_at_ < end_; held_ += 8) buffer_ |= static_cast<std::uint64_t>(*bit_at_++) << held_;
    }

    Shares shares_[most_contexts];
    const std::uint8_t *at_, *words_end_, *bit_at_, *end_;
    std::uint32_t state_[lanes_of_coder];
    std::uint64_t buffer_ = 0;
    int held_ = 0;
    bool sound_ = true;
};

// What an encoder gathers: each token's place among the shares of its context, and plain bits.
struct Gathered {
    std::uint32_t *symbol; // start, size << 15, lane << 30
    std::uint8_t *bits;
    index_t symbols = 0, bytes = 0;
    std::uint64_t buffer = 0;
    int held = 0;

    void put(std::uint32_t value, int n) {
        buffer |= static_cast<std::uint64_t>(value) << held, held += n;
        for (; held >= 8; held -= 8, buffer >>= 8) bits[bytes++] = static_cast<std::uint8_t>(buffer);
    }

    void flush() {
        if (held > 0) bits[bytes++] = static_cast<std::uint8_t>(buffer);
        held = 0, buffer = 0;
    }

    // The coder's words, written from `end` backwards; returns where they begin.
    std::uint8_t *words(std::uint8_t *end) const {
        std::uint32_t state[lanes_of_coder];
        for (auto &x : state) x = rans_low;
        const auto put_word = [&](std::uint32_t w) { *--end = static_cast<std::uint8_t>(w >> 8), *--end = static_cast<std::uint8_t>(w); };
        for (index_t i = symbols; i-- > 0;) {
            const std::uint32_t start = symbol[i] & (rans_whole - 1), size = symbol[i] >> rans_bits & (rans_whole - 1);
            std::uint32_t &x = state[symbol[i] >> 30];
            if (x >= size << 17) put_word(x & 0xffff), x >>= 16;
            x = (x / size << rans_bits) + x % size + start;
        }
        for (int l = lanes_of_coder; l-- > 0;) put_word(state[l] & 0xffff), put_word(state[l] >> 16);
        return end;
    }
};

// Chooses whole codes of the least squared error plus `lambda` times bits, among zero and the two nearest inwards.
class RateDistortion {
public:
    // Exact codes (atoms, patches) in steps; the bits by which others grow with each unit of a code's magnitude, or null.
    // Where `contexts` and `learnt` are not null, the contexts of all codes and the counts at the end go there.
    RateDistortion(const float *exact, const float *gradient, index_t patches, float lambda, Gathered &out, std::int8_t *context, std::int64_t *learnt)
        : exact_(exact), gradient_(gradient), patches_(patches), lambda_(lambda), out_(out), context_(context), learnt_(learnt) {}

    bool going_on() const { return true; }

    void leave(const Counts &counts) {
        if (!learnt_) return;
        for (int c = 0; c < contexts; ++c)
            for (int t = 0; t < tokens; ++t) learnt_[c * tokens + t] = counts.of[c][t];
    }

    void visit(const Visit &v, Counts &counts) {
        std::uint16_t cumulative[most_contexts][tokens + 1];
        float cost[most_contexts][tokens];
        const std::uint32_t used = in_use(v);
        for (int c = 0; c < counts.n; ++c)
            if (used >> c & 1) share(counts.of[c], counts.total(c), cumulative[c]), price(cumulative[c], cost[c]);
        for (int i = 0; i < v.n; ++i) {
            const index_t at = v.atom * patches_ + v.cell[i];
            const float wanted = exact_[at] - static_cast<float>(v.predicted ? v.predicted[i] : 0);
            const float more = gradient_ && v.atom ? gradient_[at] : 0.0f;
            const int c = v.context[i];
            const std::int32_t size = chosen(wanted < 0 ? -wanted : wanted, cost[c], more);
            const int t = alphabet.token[size];
            v.token[i] = static_cast<std::uint8_t>(t);
            const std::uint32_t start = cumulative[c][t], share_of = static_cast<std::uint32_t>(cumulative[c][t + 1] - start);
            out_.symbol[out_.symbols++] = start | share_of << rans_bits | static_cast<std::uint32_t>(i % lanes_of_coder) << 30;
            if (size) out_.put((wanted < 0) | static_cast<std::uint32_t>(size - alphabet.first[t]) << 1, 1 + alphabet.bits[t]);
            v.code[i] = wanted < 0 ? -size : size;
            if (context_) context_[at] = static_cast<std::int8_t>(c);
            counts.learn(c, t);
        }
        for (int i = v.n; i % 8; ++i) v.token[i] = 0;
        counts.forget();
    }

private:
    static void price(const std::uint16_t *cumulative, float *cost) {
        for (int t = 0; t < tokens; ++t)
            cost[t] = static_cast<float>(rans_bits) - log2f(static_cast<float>(cumulative[t + 1] - cumulative[t])) +
                      static_cast<float>(alphabet.bits[t] + (t > 0));
    }

    std::int32_t chosen(float size, const float *cost, float more) const {
        if (!(size >= 0.5f)) return 0; // whatever a bit costs
        const std::int32_t nearest = size < largest_code ? static_cast<std::int32_t>(size + 0.5f) : largest_code;
        std::int32_t best = 0;
        float least = INFINITY;
        const std::int32_t candidates[] = {nearest, nearest - 1, 0};
        for (const std::int32_t code : candidates) {
            const float error = size - static_cast<float>(code), felt = static_cast<float>(code < loudest ? code : loudest);
            const float loss = error * error + lambda_ * (cost[alphabet.token[code]] + more * felt);
            if (loss < least) least = loss, best = code;
        }
        return best;
    }

    const float *exact_, *gradient_;
    index_t patches_;
    float lambda_;
    Gathered &out_;
    std::int8_t *context_;
    std::int64_t *learnt_;
};

} // namespace
