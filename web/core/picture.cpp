// Pictures as WebAssembly: files of both versions decoded, tiles written, groups of like patches mixed, by the kernels' own
// source. scripts/wasm.sh builds it. No threads, no Python; memory is asked for from outside.
#include <stdlib.h>
#include <vector>

#include "draw.hpp"

// The page is to be small; a photo is opened in a moment all the same. What takes the time of clean-up is below.
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#include "picture.hpp"
#include "pixels.hpp"

namespace mho {
#include "codes.inl"
#include "range_reader.inl"
#include "rans.inl"
#include "patches.inl"
#include "tiles.inl"
#pragma clang attribute pop
#include "vector.inl"
#include "like_patches.inl"

namespace {

constexpr Pictures kernels = pictures();

struct Serial {
    template <class Body> void operator()(index_t n, Body body) const {
        for (index_t i = 0; i < n; ++i) body(i);
    }
};

std::vector<std::uint8_t> written;

// One row of groups at a call: a browser's compiler makes the next call faster, not the one under way.
__attribute__((noinline)) void mix_row(Alike of, index_t k, float *scratch) {
    of.parity = k & 1;
    mix_alike(of, Range{k / 2, k / 2 + 1}, scratch);
}

std::uint8_t *lined_up(std::uint8_t *memory) {
    return reinterpret_cast<std::uint8_t *>((reinterpret_cast<std::uintptr_t>(memory) + 63) / 64 * 64);
}

} // namespace
} // namespace mho

using namespace mho;
#define EXPORT(name) __attribute__((export_name(#name)))

extern "C" {

EXPORT(alloc)
void *mho_alloc(unsigned bytes) { return aligned_alloc(64, (bytes + 127) / 64 * 64); }

EXPORT(release)
void mho_release(void *p) { free(p); }

// See draw.hpp.
EXPORT(draw)
void mho_draw(std::uint64_t *generator, int normal, int count, double *out) { draw(generator, normal != 0, count, out); }

// `models` are those of luma and of chroma, one after the other; `steps` two numbers, `in_use` three. What the header says is
// checked by who calls. Returns whether some codes have these bits.
EXPORT(decode)
int mho_decode(int version, const std::uint8_t *payload, int bytes, const std::uint8_t *models, const double *levels, const double *scale,
               int m, int n, int planes, int halved, int strong, const int *steps, const int *in_use, std::uint8_t *out) {
    const PictureHeader h{m, n, planes, halved != 0, strong != 0, {steps[0], steps[1]}, {in_use[0], in_use[1], in_use[2]}};
    const PictureModel both[2] = {model_of(models), model_of(models + model_bytes)};
    const OwnDictionary dictionary(levels, scale);
    const auto with = version == 1 ? decode_first<Serial> : decode_tiles<Serial>;
    return with(kernels, h, both, dictionary.view(), payload, bytes, out, Serial{});
}

EXPORT(decode_pixels)
int mho_decode_pixels(const std::uint8_t *data, int bytes, int m, int n, int channels, int bits, int palette, std::uint8_t *out) {
    std::vector<std::uint8_t> scratch(pixels_scratch(n));
    return read_pixels(data, bytes, out, m, n, channels, bits, palette != 0, scratch.data());
}

// One tile of `planes` planes of patches (rows, columns) each: exact codes (64, rows, columns) in steps, one after the other.
// Returns its bytes, of which the first `words` are the coder's; they stay at `written` until the next.
EXPORT(encode_tile)
int mho_encode_tile(const float *exact, int planes, const int *rows, const int *columns, const int *in_use, const std::uint8_t *models,
                    float lambda, int *words) {
    const PictureModel both[2] = {model_of(models), model_of(models + model_bytes)};
    PictureTile tile{};
    PictureChoice choice{};
    tile.planes = planes, choice.lambda = lambda;
    index_t patches = 0;
    for (int p = 0; p < planes; ++p) {
        tile.m[p] = rows[p] * picture_patch, tile.n[p] = columns[p] * picture_patch, tile.in_use[p] = in_use[p];
        choice.exact[p] = exact + picture_atoms * patches;
        patches += index_t(rows[p]) * columns[p];
    }
    auto scratch = tile_scratch(kernels, tile);
    written.resize(kernels.most_written(patches) + 64);
    index_t front = 0;
    const index_t bytes = kernels.write_tile(tile, both, choice, lined_up(written.data()), &front, lined_up(&scratch[0]));
    *words = static_cast<int>(front);
    return static_cast<int>(bytes);
}

EXPORT(written)
const std::uint8_t *mho_written() { return lined_up(written.data()); }

// Rows `begin` to `end` of groups of like patches; `estimate` and `noisy` are (channels, rows, columns). Adds to `sums` and `counts`.
EXPORT(mix_alike)
void mho_mix_alike(const float *noisy, const float *estimate, const std::int16_t *levels, int channels, int rows, int columns, int step,
                   int radius, int members, float ridge, float other_ridge, int first, int begin, int end, float *sums, float *counts) {
    auto *scratch = static_cast<float *>(mho_alloc(static_cast<unsigned>(alike_scratch() * 4)));
    const Alike of{noisy, estimate, levels, channels, rows, columns, step, radius, members, 1, 0, {ridge, other_ridge}, first != 0, sums, counts};
    for (index_t k = begin; k < end; ++k) mix_row(of, k, scratch);
    mho_release(scratch);
}
}
