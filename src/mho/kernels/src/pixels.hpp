// Pixels without loss: one binary decision after the other, each with a probability mixed from those of several contexts
// (logistic mixing, Mahoney-2005). First whether it is the likeliest of seven guesses, then whether it is the next, then what it
// is. Whole numbers throughout, the same on every machine.

#pragma once
#include <cstring>

#include "kernels.hpp"

namespace mho {

constexpr int stretch_limit = 12 * 256 - 1; // logarithms of odds, in 1/256
constexpr int inputs = 7, table_bits = 20, most_seen = 255, mixer_sets = 2048;
constexpr index_t guess_bits = 16, history_bits = 20;

// What does not depend on the picture: logistic function and its inverse, rates of learning.
struct Logistic {
    std::uint16_t squash[2 * stretch_limit + 1];
    std::int16_t stretch[1 << 16];
    std::int32_t rate[most_seen + 1];

    void fill() {
        constexpr double shrink = 0.99610136947011749; // exp(-1 / 256)
        double odds = 1;
        for (int x = 0; x <= stretch_limit; ++x, odds *= shrink) {
            const auto p = static_cast<int>(65536 * odds / (1 + odds));
            squash[stretch_limit - x] = static_cast<std::uint16_t>(p < 1 ? 1 : p);
            squash[stretch_limit + x] = static_cast<std::uint16_t>(p < 1 ? 65535 : 65536 - p);
        }
        for (int p = 0, x = -stretch_limit; p < 1 << 16; ++p) {
            while (x < stretch_limit && squash[x + stretch_limit] < p) ++x;
            stretch[p] = static_cast<std::int16_t>(x);
        }
        for (int n = 0; n <= most_seen; ++n) rate[n] = 131072 / (2 * n + 3);
    }
};

// 32 bits of a binary arithmetic coder; probabilities are of a one, in 2^-16.
class BitWriter {
public:
    static constexpr bool writes = true;
    BitWriter(std::uint8_t *out, index_t room) : out_(out), room_(room) {}

    int code(int bit, std::uint32_t p) {
        const std::uint32_t middle = low_ + static_cast<std::uint32_t>(static_cast<std::uint64_t>(high_ - low_) * p >> 16);
        bit ? high_ = middle : low_ = middle + 1;
        while (!((low_ ^ high_) >> 24)) put(static_cast<std::uint8_t>(high_ >> 24)), low_ <<= 8, high_ = high_ << 8 | 255;
        return bit;
    }

    // Bytes written, or -1 if there was no room.
    index_t end() {
        put(static_cast<std::uint8_t>((low_ >> 24) + (low_ & 0xffffff ? 1 : 0)));
        return size_ > room_ ? -1 : size_;
    }

    bool sound() const { return size_ <= room_; }

private:
    void put(std::uint8_t b) {
        if (size_ < room_) out_[size_] = b;
        ++size_;
    }

    std::uint8_t *out_;
    index_t room_, size_ = 0;
    std::uint32_t low_ = 0, high_ = ~0u;
};

class BitReader {
public:
    static constexpr bool writes = false;
    BitReader(const std::uint8_t *data, index_t bytes) : at_(data), end_(data + bytes) {
        for (int i = 0; i < 4; ++i) value_ = value_ << 8 | next();
    }

    int code(int, std::uint32_t p) {
        const std::uint32_t middle = low_ + static_cast<std::uint32_t>(static_cast<std::uint64_t>(high_ - low_) * p >> 16);
        const int bit = value_ <= middle;
        bit ? high_ = middle : low_ = middle + 1;
        while (!((low_ ^ high_) >> 24)) low_ <<= 8, high_ = high_ << 8 | 255, value_ = value_ << 8 | next();
        return bit;
    }

    // Whether no more was read than a writer's end explains.
    bool sound() const { return beyond_ <= 3; }

private:
    std::uint32_t next() {
        if (at_ < end_) return *at_++;
        ++beyond_;
        return 0;
    }

    const std::uint8_t *at_, *end_;
    std::uint32_t low_ = 0, high_ = ~0u, value_ = 0;
    index_t beyond_ = 0;
};

inline std::uint32_t hashed(std::uint32_t a, std::uint32_t b) {
    std::uint32_t h = (a * 0x9e3779b1u) ^ (b * 0x85ebca6bu + 0xc2b2ae35u);
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    return h ^ h >> 13;
}

inline int weighted_size(int a) { // 0, 1, 2, 3-4, 5-8 ...
    int bits = 0;
    for (a = a < 0 ? -a : a; a > 0; a >>= 1) ++bits;
    return bits;
}

// Pixels in the order of the file, and the distance back from which they may go on to repeat.
struct History {
    std::uint32_t pixel[1 << history_bits];
    std::uint32_t last[1 << guess_bits]; // where a neighbourhood was last
    std::uint32_t position, distance, length;

    void fill() {
        std::memset(last, 0, sizeof last);
        position = 1, distance = length = 0;
    }

    std::uint32_t back(std::uint32_t d) const { return pixel[(position - d) & ((1u << history_bits) - 1)]; }

    // Before a pixel, by a hash of its neighbourhood.
    void seek(std::uint32_t neighbourhood) {
        std::uint32_t &before = last[neighbourhood >> (32 - guess_bits)];
        if (!length && before && position - before < (1u << history_bits)) {
            constexpr std::uint32_t longest = 32;
            std::uint32_t k = 1;
            while (k < longest && k < before && back(k) == back(position - before + k)) ++k;
            if (k > 1) distance = position - before, length = k;
        }
        before = position;
    }

    void add(std::uint32_t value) {
        constexpr std::uint32_t longest = 65535;
        if (length && back(distance) == value) length += length < longest;
        else length = 0;
        pixel[position & ((1u << history_bits) - 1)] = value, ++position;
    }
};

constexpr int guessers = 7, guess_contexts = 32;

// What a pixel may be, each by a rule of its own, in a context that tells how sure that is.
struct Guesses {
    std::uint32_t value[guessers], context[guessers];
    int n = 0, rule[guessers];

    void add(int of, bool there, std::uint32_t v, std::uint32_t c) {
        if (there) rule[n] = of, value[n] = v, context[n++] = c;
    }
};

// Decisions of one picture.
struct Mind {
    Logistic logistic;
    std::uint32_t slot[1 << table_bits]; // probability of a one in 22 bits, and how often it was seen in 10
    std::int32_t weight[mixer_sets][inputs];
    std::uint32_t guess[2][1 << guess_bits]; // the pixel last seen behind neighbours, and how often it came true
    std::uint16_t trust[guessers][guess_contexts]; // shares of the guesses that came true, in 2^-16
    History history;

    void fill() {
        logistic.fill();
        for (auto &s : slot) s = 1u << 31;
        for (auto &set : weight)
            for (auto &w : set) w = 13000;
        std::memset(guess, 0, sizeof guess);
        for (auto &rule : trust)
            for (auto &share : rule) share = 1 << 15;
        history.fill();
    }

    int trusted(const Guesses &guesses, int i) const { return trust[guesses.rule[i]][guesses.context[i]]; }

    // The guess that comes true most often, but for those of the value of `other`; -1 if there is none.
    int likeliest(const Guesses &guesses, int other = -1) const {
        int best = -1;
        for (int i = 0; i < guesses.n; ++i)
            if ((other < 0 || guesses.value[i] != guesses.value[other]) && (best < 0 || trusted(guesses, i) > trusted(guesses, best))) best = i;
        return best;
    }

    void judge(const Guesses &guesses, std::uint32_t value) {
        for (int i = 0; i < guesses.n; ++i) {
            std::uint16_t &share = trust[guesses.rule[i]][guesses.context[i]];
            share = static_cast<std::uint16_t>(share + (((guesses.value[i] == value ? 65535 : 0) - share) >> 5));
        }
    }

    // One decision: `context` are its contexts (inputs,), `set` chooses the mixer's weights.
    template <class Coder> int decide(Coder &coder, int bit, const std::uint32_t *context, std::uint32_t node, int set) {
        std::uint32_t *seen[inputs];
        std::int32_t stretched[inputs];
        std::int64_t sum = 0;
        std::int32_t *w = weight[set & (mixer_sets - 1)];
        for (int i = 0; i < inputs; ++i) {
            seen[i] = slot + (hashed(context[i] + static_cast<std::uint32_t>(i) * 0x3c6ef372u, node) >> (32 - table_bits));
            stretched[i] = logistic.stretch[*seen[i] >> 16];
            sum += static_cast<std::int64_t>(w[i]) * stretched[i];
        }
        std::int64_t x = sum >> 16;
        x = x < -stretch_limit ? -stretch_limit : x > stretch_limit ? stretch_limit
                                                                    : x;
        const std::int32_t p = logistic.squash[x + stretch_limit];
        bit = coder.code(bit, static_cast<std::uint32_t>(p));
        const std::int32_t error = (bit << 16) - p;
        for (int i = 0; i < inputs; ++i) {
            w[i] += static_cast<std::int32_t>((static_cast<std::int64_t>(stretched[i]) * error + (1 << 13)) >> 14);
            learn(*seen[i], bit);
        }
        return bit;
    }

    void learn(std::uint32_t &s, int bit) const {
        const std::uint32_t count = s & 1023;
        const std::int64_t p = s >> 10, wanted = bit ? (1 << 22) - 1 : 0;
        const std::int64_t moved = p + ((wanted - p) * logistic.rate[count] >> 16);
        s = static_cast<std::uint32_t>(moved) << 10 | (count < most_seen ? count + 1 : count);
    }
};

constexpr index_t row_pad = 4;

// Rows of pixels, this one and two above, as numbers of up to 24 bits, with zeros around.
struct Window {
    std::uint32_t *now, *above, *second;

    void move() {
        std::uint32_t *const old = second;
        second = above, above = now, now = old;
    }
};

inline int middle_of(int w, int n, int nw) { // LOCO-I's (Weinberger-2000)
    const int low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high
                                        : w + n - nw;
}

template <class Coder> class PixelCoder {
public:
    PixelCoder(Mind &mind, Coder &coder, int bits) : mind_(mind), coder_(coder), bits_(bits) {}

    // A pixel of a palette, or of levels of grey or colour that are predicted.
    std::uint32_t pixel(std::uint32_t given, const Window &rows, index_t x, bool palette) {
        const std::uint32_t *now = rows.now + x, *up = rows.above + x, *up2 = rows.second + x;
        const std::uint32_t four = hashed(hashed(now[-1], up[0]), hashed(up[-1], up[1]));
        const std::uint32_t six = hashed(four, hashed(now[-2], up2[0]));
        const std::uint32_t twelve = hashed(hashed(six, hashed(up[2], up[-2])), hashed(hashed(now[-3], up2[-1]), hashed(up2[1], up[3])));
        mind_.history.seek(hashed(hashed(twelve, hashed(now[-4], up[-3])), hashed(hashed(up2[2], up2[-2]), hashed(up[4], up2[3]))));
        std::uint32_t &far = mind_.guess[0][twelve >> (32 - guess_bits)], &near = mind_.guess[1][six >> (32 - guess_bits)];
        const Guesses guesses = guesses_of(now, up, far, near);
        const int best = mind_.likeliest(guesses), next = mind_.likeliest(guesses, best);
        std::uint32_t agreeing = 0;
        for (int i = 0; i < guesses.n; ++i) agreeing += guesses.value[i] == guesses.value[best];
        const std::uint32_t sure = level(mind_.trusted(guesses, best)), other = next < 0 ? 0 : level(mind_.trusted(guesses, next)) + 1;
        const std::uint32_t rule = static_cast<std::uint32_t>(guesses.rule[best]);
        const std::uint32_t context[inputs] = {twelve, six, four, hashed(now[-1], up[0]), (sure << 8 | agreeing << 4 | rule) + 1,
                                               hashed(now[-1], now[-2]), hashed(up[0], up2[0])};
        const auto is = [&](int i, std::uint32_t node, std::uint32_t set) {
            return mind_.decide(coder_, given == guesses.value[i], context, hashed(guesses.value[i], node), static_cast<int>(set));
        };
        constexpr std::uint32_t likely = 2; // in photos the second guess is not worth a question
        std::uint32_t value;
        if (is(best, 7, sure << 4 | (agreeing & 7) << 1 | (now[-1] == up[0]))) value = guesses.value[best];
        else if (other >= likely && is(next, 11, 256 + (other << 4 | static_cast<std::uint32_t>(guesses.rule[next]) << 1 | (sure > 8)))) value = guesses.value[next];
        else value = palette ? from_palette(given, context) : predicted(given, now, up);
        remember(far, value), remember(near, value);
        mind_.judge(guesses, value), mind_.history.add(value);
        return value;
    }

    // Residuals of the pixels beside, as `predicted` leaves them.
    void room_for_residuals(std::int8_t *now, std::int8_t *above) { residual_ = now, residual_above_ = above; }
    void at(index_t x) { x_ = x; }

private:
    // Of pixels beside, of those last seen behind the same neighbours, of the place that is followed.
    Guesses guesses_of(const std::uint32_t *now, const std::uint32_t *up, std::uint32_t far, std::uint32_t near) const {
        const auto times = [](std::uint32_t n) { return static_cast<std::uint32_t>(n < 4 ? n : weighted_size(static_cast<int>(n)) + 1); };
        const History &history = mind_.history;
        const std::uint32_t flat = static_cast<std::uint32_t>((now[-1] == up[0]) | (now[-1] == up[-1]) << 1 | (up[0] == up[1]) << 2 | (now[-1] == now[-2]) << 3);
        Guesses found;
        found.add(0, true, now[-1], flat);
        found.add(1, history.length, history.back(history.distance), times(history.length));
        found.add(2, far >> 24, far & 0xffffff, times(far >> 24));
        found.add(3, near >> 24, near & 0xffffff, times(near >> 24));
        found.add(4, true, up[0], flat), found.add(5, true, up[-1], flat), found.add(6, true, up[1], flat);
        return found;
    }

    // A share in 2^-16 as one of 16 levels, finer towards one.
    static std::uint32_t level(int share) {
        if (share < 1 << 15) return static_cast<std::uint32_t>(share >> 13);
        if (share < 15 << 12) return static_cast<std::uint32_t>(4 + ((share - (1 << 15)) >> 12));
        return static_cast<std::uint32_t>(11 + (share > 63488) + (share > 64512) + (share > 65024) + (share > 65280));
    }

    static void remember(std::uint32_t &guess, std::uint32_t value) {
        const std::uint32_t trust = guess >> 24;
        if ((guess & 0xffffff) == value && trust) guess = value | (trust < 255 ? trust + 1 : trust) << 24;
        else guess = value | 1u << 24;
    }

    std::uint32_t from_palette(std::uint32_t value, const std::uint32_t *context) {
        std::uint32_t node = 1;
        for (int b = bits_; b-- > 0;) {
            const int bit = mind_.decide(coder_, static_cast<int>(value >> b & 1), context, node, 1024 + static_cast<int>(node & 255));
            node = node << 1 | static_cast<std::uint32_t>(bit);
        }
        return node - (1u << bits_);
    }

    static int channel(std::uint32_t pixel, int c) { return static_cast<int>(pixel >> (8 * c) & 255); }

    // Green first, then red and blue by their difference to it; grey is a green alone.
    std::uint32_t predicted(std::uint32_t value, const std::uint32_t *now, const std::uint32_t *up) {
        constexpr int order[3] = {1, 0, 2};
        std::uint32_t found = 0;
        int before = 0, base = 0;
        for (int i = 0; i < (bits_ == 8 ? 1 : 3); ++i) {
            const int c = bits_ == 8 ? 0 : order[i];
            const auto level = [&](std::uint32_t pixel) { return channel(pixel, c) - (i ? channel(pixel, 1) : 0); };
            const int w = level(now[-1]), n = level(up[0]), nw = level(up[-1]), ne = level(up[1]), ww = level(now[-2]);
            int guess = middle_of(w, n, nw) + base;
            guess = guess < 0 ? 0 : guess > 255 ? 255
                                                : guess;
            const int busy = weighted_size(w - nw) + weighted_size(n - nw) + weighted_size(ne - n) + weighted_size(w - ww);
            const int left = residual_[3 * (x_ - 1) + i], top = residual_above_[3 * x_ + i], right = residual_above_[3 * (x_ + 1) + i];
            const auto u = [](int a) { return static_cast<std::uint32_t>(a); };
            const std::uint32_t seed = u(i + 1) << 28;
            const std::uint32_t context[inputs] = {seed + u(busy), hashed(seed + u(weighted_size(left) * 16 + weighted_size(top)), u(weighted_size(right))),
                                                   hashed(seed + u(before), u(busy / 2)), hashed(seed + u(w & 511), u(n & 511)),
                                                   hashed(seed + u(guess), u(weighted_size(left))), hashed(seed + u(left & 255), u(top & 255)),
                                                   hashed(seed + u(weighted_size(left) + weighted_size(top) + weighted_size(right)), u(weighted_size(before) * 16 + busy))};
            const int wanted = static_cast<std::int8_t>(channel(value, c) - guess);
            const int rest = residual(wanted, context, i * 8 + (busy > 21 ? 7 : busy / 3));
            const int v = (guess + rest) & 255;
            residual_[3 * x_ + i] = static_cast<std::int8_t>(rest);
            if (i == 0) base = v;
            before = rest;
            found |= static_cast<std::uint32_t>(v) << (8 * c);
        }
        return found;
    }

    // Zero or not, sign, then how many bits the rest of its magnitude has, then those.
    int residual(int wanted, const std::uint32_t *context, int set) {
        const auto decide = [&](int bit, int node) { return mind_.decide(coder_, bit, context, static_cast<std::uint32_t>(node), 1280 + (set + 32 * node) % 256); };
        if (!decide(wanted != 0, 1)) return 0;
        const bool negative = decide(wanted < 0, 2);
        const int size = (wanted < 0 ? -wanted : wanted) - 1; // 0 .. 127
        int length = 0;
        while (length < 7 && decide((size + 1) >> (length + 1) != 0, 3 + length)) ++length;
        int found = 1;
        for (int b = length; b-- > 0;) found = found << 1 | decide((size + 1) >> b & 1, 16 + (length << 4) + (b > 3 ? 0 : found & 7) + (b << 8));
        return negative ? -found : found;
    }

    Mind &mind_;
    Coder &coder_;
    int bits_;
    std::int8_t *residual_ = nullptr, *residual_above_ = nullptr;
    index_t x_ = 0;
};

// Bytes of memory for a picture n wide.
inline index_t pixels_scratch(index_t n) { return static_cast<index_t>(sizeof(Mind)) + 3 * (n + 2 * row_pad) * 4 + 2 * 3 * (n + 2) + 256; }

// All pixels of a picture, written from `from` or read into `to`, (m, n, channels); of a palette, channels is 1.
template <class Coder>
bool code_pixels(Coder &coder, const std::uint8_t *from, std::uint8_t *to, index_t m, index_t n, int channels, int bits, bool palette,
                 std::uint8_t *scratch) {
    auto &mind = *reinterpret_cast<Mind *>(scratch);
    mind.fill();
    auto *rows = reinterpret_cast<std::uint32_t *>(scratch + (sizeof(Mind) + 63) / 64 * 64);
    const index_t row = n + 2 * row_pad;
    std::memset(rows, 0, static_cast<std::size_t>(3 * row * 4));
    Window window{rows + row_pad, rows + row + row_pad, rows + 2 * row + row_pad};
    auto *residual = reinterpret_cast<std::int8_t *>(rows + 3 * row);
    std::memset(residual, 0, static_cast<std::size_t>(2 * 3 * (n + 2)));
    std::int8_t *now = residual + 3, *above = now + 3 * (n + 2);
    PixelCoder<Coder> pixels(mind, coder, palette ? bits : 8 * channels);
    for (index_t y = 0; y < m && coder.sound(); ++y) {
        std::memset(now - 3, 0, static_cast<std::size_t>(3 * (n + 2)));
        pixels.room_for_residuals(now, above);
        for (index_t x = 0; x < n; ++x) {
            std::uint32_t value = 0;
            const index_t at = (y * n + x) * channels;
            if constexpr (Coder::writes)
                for (int c = 0; c < channels; ++c) value |= static_cast<std::uint32_t>(from[at + c]) << (8 * c);
            pixels.at(x);
            window.now[x] = value = pixels.pixel(value, window, x, palette);
            if constexpr (!Coder::writes)
                for (int c = 0; c < channels; ++c) to[at + c] = static_cast<std::uint8_t>(value >> (8 * c));
        }
        window.move();
        std::int8_t *const old = now;
        now = above, above = old;
    }
    return coder.sound();
}

inline index_t write_pixels(const std::uint8_t *from, index_t m, index_t n, int channels, int bits, bool palette, std::uint8_t *out,
                            index_t room, std::uint8_t *scratch) {
    BitWriter writer(out, room);
    code_pixels(writer, from, static_cast<std::uint8_t *>(nullptr), m, n, channels, bits, palette, scratch);
    return writer.end();
}

inline bool read_pixels(const std::uint8_t *data, index_t bytes, std::uint8_t *to, index_t m, index_t n, int channels, int bits, bool palette,
                        std::uint8_t *scratch) {
    BitReader reader(data, bytes);
    return code_pixels(reader, static_cast<const std::uint8_t *>(nullptr), to, m, n, channels, bits, palette, scratch);
}

} // namespace mho
