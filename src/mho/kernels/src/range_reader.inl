// Codes of `.mho` files of version 1: a range coder with words of 32 bits, a state of 64 and probabilities of 24.
//
// Tokens of each context come one after the other, then all signs, then the plain bits of each token.

namespace {

class RangeReader {
public:
    RangeReader(const std::uint8_t *data, index_t bytes) : at_(data), end_(data + bytes / 4 * 4) {
        point_ = static_cast<std::uint64_t>(word()) << 32;
        point_ |= word();
    }

    bool going_on() const { return sound_; }
    void leave(const Counts &) {}

    void visit(const Visit &v, Counts &counts) {
        highest_ = 0;
        read_tokens(v, counts);
        for (int i = 0; i < v.n; ++i) {
            v.code[i] = alphabet.first[v.token[i]];
            if (v.token[i] && even(1)) v.code[i] = -v.code[i];
        }
        for (int t = first_with_bits; t <= highest_; ++t) read_extra(v, t);
        for (int i = v.n; i % 8; ++i) v.token[i] = 0;
        counts.forget();
    }

private:
    static constexpr int precision = 24, first_with_bits = 12;

    std::uint32_t word() {
        if (at_ == end_) return 0;
        std::uint32_t w;
        __builtin_memcpy(&w, at_, 4);
        at_ += 4;
        return w;
    }

    void take(std::uint64_t scale, std::uint64_t from, std::uint64_t size) {
        lower_ += scale * from, range_ = scale * size;
        if (range_ >> 32) return;
        lower_ <<= 32, range_ <<= 32;
        point_ = point_ << 32 | word();
    }

    // A number of so many bits, all equally likely.
    std::uint32_t even(int bits) {
        const std::uint64_t scale = range_ >> precision, size = 1u << (precision - bits);
        const std::uint64_t quantile = (point_ - lower_) / scale;
        if (quantile >> precision) sound_ = false;
        const std::uint32_t number = static_cast<std::uint32_t>(quantile >> (precision - bits)) & ((1u << bits) - 1);
        take(scale, number * size, size);
        return number;
    }

    // Probabilities as both sides round them: shares in float64, summed and scaled, one more for each token.
    static void cumulate(const std::uint32_t *counts, std::uint32_t total, std::uint32_t *cumulative) {
        double share[tokens], sum = 0, left = 0;
        for (int t = 0; t < tokens; ++t) share[t] = static_cast<double>(counts[t]) / total;
        for (int t = 0; t < tokens; ++t) sum += share[t];
        const double scale = static_cast<double>((1 << precision) - tokens) / sum;
        for (int t = 0; t < tokens; ++t) {
            cumulative[t] = static_cast<std::uint32_t>(left * scale) + static_cast<std::uint32_t>(t);
            left += share[t];
        }
        cumulative[tokens] = 1u << precision;
    }

    int token(const std::uint32_t *cumulative) {
        const std::uint64_t scale = range_ >> precision, distance = point_ - lower_;
        int t = 0;
        while (t < tokens - 1 && distance >= scale * cumulative[t + 1]) ++t;
        if (t == tokens - 1 && distance >= scale << precision) sound_ = false;
        take(scale, cumulative[t], cumulative[t + 1] - cumulative[t]);
        return t;
    }

    void read_tokens(const Visit &v, Counts &counts) {
        std::int32_t first[most_contexts + 1] = {};
        for (int i = 0; i < v.n; ++i) ++first[v.context[i] + 1];
        for (int c = 0; c < counts.n; ++c) first[c + 1] += first[c];
        std::int32_t next[most_contexts];
        for (int c = 0; c < counts.n; ++c) next[c] = first[c];
        for (int i = 0; i < v.n; ++i) v.order[next[v.context[i]]++] = i;
        for (int c = 0; c < counts.n; ++c) {
            if (first[c] == first[c + 1]) continue;
            std::uint32_t cumulative[tokens + 1];
            cumulate(counts.of[c], counts.total(c), cumulative);
            for (std::int32_t i = first[c]; i < first[c + 1]; ++i) {
                const int t = token(cumulative);
                v.token[v.order[i]] = static_cast<std::uint8_t>(t);
                counts.learn(c, t);
                highest_ = t > highest_ ? t : highest_;
            }
        }
    }

    void read_extra(const Visit &v, int t) {
        for (int i = 0; i < v.n; ++i) {
            if (v.token[i] != t) continue;
            const auto more = static_cast<std::int32_t>(even(alphabet.bits[t]));
            v.code[i] += v.code[i] < 0 ? -more : more;
        }
    }

    const std::uint8_t *at_, *end_;
    std::uint64_t lower_ = 0, range_ = ~std::uint64_t{0}, point_;
    bool sound_ = true;
    int highest_ = 0; // token of a visit
};

} // namespace
