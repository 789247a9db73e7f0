// A picture of tiles, decoded in bands of them: memory is that of a band beside the pixels.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "kernels.hpp"

namespace mho {

constexpr index_t picture_tile = 1024;
constexpr int picture_atoms = 64, picture_patch = 8;

struct PictureHeader {
    index_t m, n;
    int planes; // 1 or 3
    bool halved, strong; // chroma's resolution; smoothing of edges
    int step[2];   // of luma and chroma, in sixteenths of a grey level
    int in_use[3]; // of version 1
};

constexpr index_t model_bytes = 2 * 2 * 64 * 64 + 2 * 2 * 64 + 2 * (28 + 14) * 31;

// A model from its arrays, one after the other.
inline PictureModel model_of(const std::uint8_t *bytes) {
    constexpr index_t square = 2 * 64 * 64, line = 2 * 64;
    const std::uint8_t *lines = bytes + 2 * square;
    const auto *counts = reinterpret_cast<const std::uint16_t *>(lines + 2 * line);
    return {bytes, bytes + square, lines, lines + line, counts, counts + 28 * 31};
}

// A dictionary as kernels want it, from levels (64 pixels, 64 atoms) and scales (64,).
class OwnDictionary {
public:
    OwnDictionary(const double *levels, const double *scale) {
        bool whole = true;
        for (int j = 0; j < picture_atoms; ++j) {
            const bool fits = scale[j] >= -65535 && scale[j] <= 65535;
            scale_[j] = fits ? static_cast<std::int32_t>(scale[j]) : 0;
            whole = whole && fits && scale[j] == scale_[j];
            for (int i = 0; i < picture_atoms; ++i) {
                const double level = levels[i * picture_atoms + j];
                const bool small = level >= -4096 && level <= 4096;
                std::int32_t &own = levels_[j * picture_atoms + i];
                own = small ? static_cast<std::int32_t>(level) : 0;
                whole = whole && small && own == level;
                noisy_[j * picture_atoms + i] = level * (fits ? scale[j] / scale_or_one(j) : scale[j]);
                peak_[j] = std::max(peak_[j], own < 0 ? -own : own);
            }
        }
        whole_ = whole;
    }

    PictureDictionary view() const { return {levels_, scale_, peak_, whole_ ? nullptr : noisy_}; }

private:
    double scale_or_one(int j) const { return scale_[j] ? scale_[j] : 1; }

    std::int32_t levels_[picture_atoms * picture_atoms];
    std::int32_t scale_[picture_atoms], peak_[picture_atoms] = {};
    double noisy_[picture_atoms * picture_atoms];
    bool whole_ = false;
};

// Sizes of a picture's planes, in samples.
inline void plane_sizes(PictureTile &tile, const PictureHeader &h, index_t m, index_t n) {
    tile.planes = h.planes;
    for (int p = 0; p < h.planes; ++p) {
        const bool half = p > 0 && h.halved;
        tile.m[p] = half ? (m + 1) / 2 : m, tile.n[p] = half ? (n + 1) / 2 : n;
        tile.step[p] = h.step[p > 0];
    }
}

inline index_t patches_of(const PictureTile &tile, int p) {
    return (tile.m[p] + picture_patch - 1) / picture_patch * ((tile.n[p] + picture_patch - 1) / picture_patch);
}

// Memory that nobody clears.
using Scratch = std::unique_ptr<std::uint8_t[]>;

inline Scratch tile_scratch(const Pictures &kernels, const PictureTile &tile) {
    index_t most = 0;
    for (int p = 0; p < tile.planes; ++p)
        most = std::max(most, kernels.plane_bytes((tile.m[p] + picture_patch - 1) / picture_patch, (tile.n[p] + picture_patch - 1) / picture_patch));
    return Scratch(new std::uint8_t[static_cast<std::size_t>(most) + 64]);
}

inline std::uint8_t *aligned(std::uint8_t *memory) {
    return reinterpret_cast<std::uint8_t *>((reinterpret_cast<std::uintptr_t>(memory) + 63) / 64 * 64);
}

// One tile's bytes: atoms in use of each plane (u8), the length of the coder's words (a number of 7 bits a byte, the lowest
// first, all bytes but the last with their highest bit set), words, plain bits.
struct TileBytes {
    const std::uint8_t *data;
    index_t bytes;

    bool number(index_t &value) {
        value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            if (!bytes) return false;
            const std::uint8_t b = *data++;
            --bytes, value |= static_cast<index_t>(b & 127) << shift;
            if (b < 128) return true;
        }
        return false;
    }

    bool head(PictureTile &tile, index_t &words) {
        for (int p = 0; p < tile.planes; ++p) {
            if (!bytes || *data < 1 || *data > picture_atoms) return false;
            tile.in_use[p] = *data++, --bytes;
        }
        return number(words) && words <= bytes;
    }
};

// The tiles of a payload: for each, its length and its bytes.
inline bool split_tiles(const std::uint8_t *payload, index_t bytes, index_t count, std::vector<TileBytes> &tiles) {
    TileBytes left{payload, bytes};
    for (index_t i = 0; i < count; ++i) {
        index_t length;
        if (!left.number(length) || length > left.bytes) return false;
        tiles.push_back({left.data, length});
        left.data += length, left.bytes -= length;
    }
    return left.bytes == 0;
}

constexpr index_t unfinished = 16, carried = 2 * unfinished; // rows smoothed by the next band, and those handed on for them

// Planes of a band, behind the last rows of the band before.
class Band {
public:
    Band(const PictureHeader &h, index_t rows) : h_(h) {
        PictureTile whole;
        plane_sizes(whole, h, rows, h.n);
        for (int p = 0; p < h.planes; ++p) {
            row_[p] = whole.n[p], before_[p] = p && h.halved ? carried / 2 : carried;
            samples_[p].resize((before_[p] + whole.m[p]) * row_[p]);
        }
    }

    void place(PictureTile &tile, index_t x) {
        for (int p = 0; p < h_.planes; ++p) {
            tile.row[p] = row_[p];
            tile.out[p] = at(p, 0) + (p && h_.halved ? x / 2 : x);
        }
    }

    // Sample 0 of row y of the band.
    std::int16_t *at(int p, index_t y) { return samples_[p].data() + (before_[p] + y) * row_[p]; }
    index_t row(int p) const { return row_[p]; }

    PicturePlanes planes() {
        PicturePlanes all{{}, {}, h_.planes, h_.halved};
        for (int p = 0; p < h_.planes; ++p) all.at[p] = samples_[p].data(), all.row[p] = row_[p];
        return all;
    }

    void carry(index_t rows) {
        for (int p = 0; p < h_.planes; ++p) {
            const index_t end = before_[p] + (p && h_.halved ? rows / 2 : rows);
            std::copy_n(samples_[p].data() + (end - before_[p]) * row_[p], before_[p] * row_[p], samples_[p].data());
        }
    }

private:
    const PictureHeader &h_;
    index_t row_[3], before_[3];
    std::vector<std::int16_t> samples_[3];
};

// Smooths a band of `rows` from row `top` of the picture on, and the edge above it. `run(n, body)` calls body(i) for i < n.
template <class Run> void smooth_band(const Pictures &kernels, const PictureHeader &h, Band &band, index_t top, index_t rows, Run run) {
    PictureTile size;
    plane_sizes(size, h, rows, h.n);
    for (int p = 0; p < h.planes; ++p) {
        const index_t m = size.m[p], n = size.n[p], edges = (m + picture_patch - 1) / picture_patch;
        const Smoothing by{size.step[p], h.strong};
        const auto begin = [m](index_t edge) { return std::min(m, edge * picture_patch); };
        run(edges, [&, p](index_t i) { kernels.smooth_rows(band.at(p, 0), band.row(p), n, by, Range{begin(i), begin(i + 1)}); });
        run(edges, [&, p](index_t i) {
            if ((i || top) && begin(i) + 3 <= m) kernels.smooth_across(band.at(p, begin(i)), band.row(p), n, by);
        });
    }
}

template <class Run>
void colour_band(const Pictures &kernels, const PictureHeader &h, Band &band, index_t top, Range rows, std::uint8_t *out, Run run) {
    constexpr index_t chunk = 64;
    const PicturePlanes planes = band.planes();
    run((rows.end - rows.begin + chunk - 1) / chunk, [&](index_t i) {
        std::vector<std::int32_t> scratch(kernels.colour_scratch(h.n));
        const index_t begin = rows.begin + i * chunk;
        kernels.colour_rows(planes, h.m, h.n, top - carried, Range{begin, std::min(rows.end, begin + chunk)}, out, scratch.data());
    });
}

// A picture of version 1: one stream.
template <class Run>
bool decode_first(const Pictures &kernels, const PictureHeader &h, const PictureModel *models, const PictureDictionary &d,
                  const std::uint8_t *payload, index_t bytes, std::uint8_t *out, Run run) {
    Band band(h, h.m);
    PictureTile tile;
    plane_sizes(tile, h, h.m, h.n), band.place(tile, 0);
    std::copy_n(h.in_use, 3, tile.in_use);
    {
        const Scratch scratch = tile_scratch(kernels, tile);
        if (!kernels.read_first(tile, models, d, payload, bytes, aligned(scratch.get()))) return false;
    }
    colour_band(kernels, h, band, 0, Range{0, h.m}, out, run);
    return true;
}

// A picture of version 2: tiles, row by row.
template <class Run>
bool decode_tiles(const Pictures &kernels, const PictureHeader &h, const PictureModel *models, const PictureDictionary &d,
                  const std::uint8_t *payload, index_t bytes, std::uint8_t *out, Run run) {
    const index_t across = (h.n + picture_tile - 1) / picture_tile, down = (h.m + picture_tile - 1) / picture_tile;
    if (across * down > bytes) return false; // before memory is taken for them
    std::vector<TileBytes> tiles;
    if (!split_tiles(payload, bytes, across * down, tiles)) return false;
    Band band(h, std::min(h.m, picture_tile));
    std::vector<char> sound(across);
    for (index_t b = 0, done = 0; b < down; ++b) {
        const index_t top = b * picture_tile, rows = std::min(picture_tile, h.m - top);
        run(across, [&](index_t i) {
            PictureTile tile;
            const index_t x = i * picture_tile;
            plane_sizes(tile, h, rows, std::min(picture_tile, h.n - x)), band.place(tile, x);
            TileBytes held = tiles[b * across + i];
            index_t words;
            if (!(sound[i] = held.head(tile, words))) return;
            const Scratch scratch = tile_scratch(kernels, tile);
            sound[i] = kernels.read_tile(tile, models, d, held.data, words, held.bytes, aligned(scratch.get()));
        });
        if (std::count(sound.begin(), sound.end(), 0)) return false;
        smooth_band(kernels, h, band, top, rows, run);
        const index_t end = b + 1 < down ? top + rows - unfinished : h.m;
        colour_band(kernels, h, band, top, Range{done, end}, out, run);
        done = end;
        band.carry(rows);
    }
    return true;
}

} // namespace mho
