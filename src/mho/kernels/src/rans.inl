// Codes of `.mho` files of version 2: tokens by four interleaved rANS coders (Duda-2013) with states of 32 bits, words of 16
// and probabilities of 15; signs and plain bits beside them as they are.

namespace {

constexpr int rans_bits = 15, rans_whole = 1 << rans_bits, lanes_of_coder = 4, lookup_shift = 8;
constexpr std::uint32_t rans_low = 1u << 16;

// Cumulative shares of the tokens of a context, each at least one.
inline void share(const std::uint32_t *counts, std::uint32_t total, std::uint16_t *cumulative) {
    const std::uint64_t scale = (static_cast<std::uint64_t>(rans_whole - tokens) << 16) / total;
    std::uint32_t size[tokens], sum = 0;
    int widest = 0;
    for (int t = 0; t < tokens; ++t) {
        sum += size[t] = 1 + static_cast<std::uint32_t>(counts[t] * scale >> 16);
        if (size[t] > size[widest]) widest = t;
    }
    size[widest] += rans_whole - sum;
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
        std::uint16_t cumulative[most_contexts][tokens + 1];
        std::uint8_t first[most_contexts][rans_whole >> lookup_shift];
        const std::uint32_t used = in_use(v);
        for (int c = 0; c < counts.n; ++c)
            if (used >> c & 1) share(counts.of[c], counts.total(c), cumulative[c]), look_up(cumulative[c], first[c]);
        std::uint32_t state[lanes_of_coder];
        for (int l = 0; l < lanes_of_coder; ++l) state[l] = state_[l];
        for (int i = 0; i < v.n; ++i) {
            const int c = v.context[i];
            const std::uint16_t *from = cumulative[c];
            std::uint32_t x = state[i % lanes_of_coder];
            const std::uint32_t slot = x & (rans_whole - 1);
            int t = first[c][slot >> lookup_shift];
            while (slot >= from[t + 1]) ++t;
            x = static_cast<std::uint32_t>(from[t + 1] - from[t]) * (x >> rans_bits) + slot - from[t];
            if (x < rans_low) x = x << 16 | word();
            state[i % lanes_of_coder] = x;
            v.token[i] = static_cast<std::uint8_t>(t);
            counts.learn(c, t);
        }
        for (int l = 0; l < lanes_of_coder; ++l) state_[l] = state[l];
        for (int i = 0; i < v.n; ++i) v.code[i] = v.token[i] ? signed_code(v.token[i]) : 0;
        counts.forget();
    }

private:
    static void look_up(const std::uint16_t *cumulative, std::uint8_t *first) {
        for (int slot = 0, t = 0; slot < rans_whole >> lookup_shift; ++slot) {
            while (slot << lookup_shift >= cumulative[t + 1]) ++t;
            first[slot] = static_cast<std::uint8_t>(t);
        }
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
        while (held_ <= bits) {
            buffer_ |= static_cast<std::uint32_t>(bit_at_ < end_ ? *bit_at_ : 0) << held_;
            sound_ = sound_ && bit_at_ < end_;
            ++bit_at_, held_ += 8;
        }
        const std::int32_t size = alphabet.first[t] + static_cast<std::int32_t>(buffer_ >> 1 & ((1u << bits) - 1));
        const bool negative = buffer_ & 1;
        buffer_ >>= bits + 1, held_ -= bits + 1;
        return negative ? -size : size;
    }

    const std::uint8_t *at_, *words_end_, *bit_at_, *end_;
    std::uint32_t state_[lanes_of_coder], buffer_ = 0;
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
            const std::uint32_t start = cumulative[c][t], share_of = static_cast<std::uint32_t>(cumulative[c][t + 1] - start);
            out_.symbol[out_.symbols++] = start | share_of << rans_bits | static_cast<std::uint32_t>(i % lanes_of_coder) << 30;
            if (size) out_.put((wanted < 0) | static_cast<std::uint32_t>(size - alphabet.first[t]) << 1, 1 + alphabet.bits[t]);
            v.code[i] = wanted < 0 ? -size : size;
            if (context_) context_[at] = static_cast<std::int8_t>(c);
            counts.learn(c, t);
        }
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
