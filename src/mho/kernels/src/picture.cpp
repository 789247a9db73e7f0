// Python's door to the kernels of pictures.
#include "picture.hpp"
#include "pixels.hpp"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>

#include "parallel.hpp"

namespace nb = nanobind;

namespace mho {

const Table &table();

namespace {

template <class T, int n> using In = nb::ndarray<const T, nb::ndim<n>, nb::c_contig, nb::device::cpu>;
template <class T> using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Models = std::vector<In<std::uint8_t, 1>>;

void require(bool ok, const char *what) {
    if (!ok) throw std::invalid_argument(what);
}

struct Serial {
    template <class Body> void operator()(index_t n, Body body) const {
        for (index_t i = 0; i < n; ++i) body(i);
    }
};

struct Threaded {
    index_t threads;
    template <class Body> void operator()(index_t n, Body body) const {
        share_out(n, 1, threads, Stop{}, [] { return 0; }, [&](Range range, int) {
            for (index_t i = range.begin; i < range.end; ++i) body(i); });
    }
};

struct TwoModels {
    PictureModel model[2];
    explicit TwoModels(const Models &models) {
        require(models.size() == 2, "models must be those of luma and of chroma");
        for (int i = 0; i < 2; ++i) {
            require(models[i].shape(0) == model_bytes && reinterpret_cast<std::uintptr_t>(models[i].data()) % 2 == 0,
                    "a model must have the bytes of its arrays, at an even address");
            model[i] = model_of(models[i].data());
        }
    }
};

PictureHeader header_of(index_t m, index_t n, int planes, bool halved, bool strong, const std::vector<int> &steps, const std::vector<int> &in_use) {
    require(m > 0 && n > 0 && m < (1 << 24) && n < (1 << 24), "m and n must be above zero and below 2^24");
    require(planes == 1 || planes == 3, "planes must be 1 or 3");
    require(steps.size() == 2 && in_use.size() == 3, "there must be 2 steps and 3 numbers of atoms");
    PictureHeader h{m, n, planes, halved, strong, {steps[0], steps[1]}, {in_use[0], in_use[1], in_use[2]}};
    for (const int step : h.step) require(step > 0 && step < 65536, "steps must be from 1 to 65,535");
    for (int p = 0; p < planes; ++p) require(h.in_use[p] >= 0 && h.in_use[p] <= picture_atoms, "atoms in use must be at most 64");
    return h;
}

bool decode_picture(int version, In<std::uint8_t, 1> payload, const Models &models, In<double, 2> levels, In<double, 1> scale, bool halved, bool strong,
                    const std::vector<int> &steps, const std::vector<int> &in_use, Out<std::uint8_t> out, index_t threads) {
    require(out.ndim() == 2 || (out.ndim() == 3 && out.shape(2) == 3), "out must be (m, n) or (m, n, 3)");
    require(levels.shape(0) == picture_atoms && levels.shape(1) == picture_atoms && scale.shape(0) == picture_atoms,
            "levels must be (64, 64), scale (64,)");
    const PictureHeader h = header_of(static_cast<index_t>(out.shape(0)), static_cast<index_t>(out.shape(1)), out.ndim() == 3 ? 3 : 1,
                                      halved, strong, steps, in_use);
    const TwoModels both(models);
    const OwnDictionary dictionary(levels.data(), scale.data());
    const auto decode = [&](auto run) {
        const auto bytes = static_cast<index_t>(payload.shape(0));
        const auto with = version == 1 ? decode_first<decltype(run)> : decode_tiles<decltype(run)>;
        return with(*table().pictures, h, both.model, dictionary.view(), payload.data(), bytes, out.data(), run);
    };
    nb::gil_scoped_release unlocked;
    return threads > 1 ? decode(Threaded{threads}) : decode(Serial{});
}

using MaybeGradients = std::optional<std::vector<In<float, 3>>>;

struct Told {
    std::vector<Out<std::int16_t>> code;
    std::vector<Out<std::int32_t>> dc;
    std::vector<Out<std::int8_t>> context;
    std::vector<Out<std::int64_t>> learnt;
};

void fill(PictureTile &tile, PictureChoice &choice, const std::vector<In<float, 3>> &exact, const std::vector<int> &in_use,
          const MaybeGradients &gradients) {
    tile.planes = static_cast<int>(exact.size());
    require((tile.planes == 1 || tile.planes == 3) && in_use.size() == exact.size(), "there must be 1 or 3 planes");
    require(!gradients || gradients->size() == exact.size(), "each plane has a gradient");
    for (int p = 0; p < tile.planes; ++p) {
        require(exact[p].shape(0) == picture_atoms, "exact must be (64, rows, columns)");
        require(in_use[p] >= 1 && in_use[p] <= picture_atoms, "atoms in use must be from 1 to 64");
        tile.m[p] = static_cast<index_t>(exact[p].shape(1)) * picture_patch, tile.n[p] = static_cast<index_t>(exact[p].shape(2)) * picture_patch;
        require(tile.m[p] > 0 && tile.n[p] > 0, "exact must not be empty");
        tile.in_use[p] = in_use[p], choice.exact[p] = exact[p].data();
        if (!gradients) continue;
        const In<float, 3> &g = (*gradients)[p];
        require(g.size() == exact[p].size(), "a gradient must have the shape of its codes");
        choice.gradient[p] = g.data();
    }
}

// (words, words and plain bits) of a tile.
std::pair<index_t, nb::bytes> encode_tile(const std::vector<In<float, 3>> &exact, const std::vector<int> &in_use, const Models &models,
                                          float lambda, const MaybeGradients &gradients, const std::vector<Out<std::int16_t>> &code,
                                          const std::vector<Out<std::int32_t>> &dc, const std::vector<Out<std::int8_t>> &context,
                                          const std::vector<Out<std::int64_t>> &learnt) {
    PictureTile tile{};
    PictureChoice choice{};
    choice.lambda = lambda;
    fill(tile, choice, exact, in_use, gradients);
    const TwoModels both(models);
    const auto given = code.size();
    require((given == 0 || given == exact.size()) && dc.size() == given && context.size() == given && learnt.size() == given,
            "codes, DC codes, contexts and counts are told of all planes or of none");
    index_t patches = 0;
    for (int p = 0; p < tile.planes; ++p) {
        const auto own = static_cast<std::size_t>(patches_of(tile, p));
        patches += static_cast<index_t>(own);
        if (!given) continue;
        require(code[p].size() == picture_atoms * own && context[p].size() == picture_atoms * own && dc[p].size() == own &&
                    learnt[p].size() == 28 * 31,
                "codes and contexts must be (64, rows, columns), DC codes (rows, columns), counts (28, 31)");
        choice.code[p] = code[p].data(), choice.dc[p] = dc[p].data(), choice.context[p] = context[p].data(), choice.learnt[p] = learnt[p].data();
    }
    const Pictures &kernels = *table().pictures;
    index_t words = 0, bytes = 0;
    Scratch out;
    {
        nb::gil_scoped_release unlocked;
        const Scratch scratch = tile_scratch(kernels, tile);
        out.reset(new std::uint8_t[static_cast<std::size_t>(kernels.most_written(patches)) + 64]);
        std::uint8_t *to = aligned(out.get());
        bytes = kernels.write_tile(tile, both.model, choice, to, &words, aligned(scratch.get()));
    }
    return {words, nb::bytes(aligned(out.get()), static_cast<std::size_t>(bytes))};
}

// Channels of pixels (m, n) or (m, n, channels); indices of a palette are one, of so many bits.
template <class Array> int channels_of(const Array &pixels, int bits, bool palette) {
    require((pixels.ndim() == 2 || (pixels.ndim() == 3 && pixels.shape(2) == 3)) && pixels.size() > 0,
            "pixels must be (m, n) or (m, n, 3), and not empty");
    require(pixels.shape(1) < (1 << 24) && bits >= 1 && bits <= 8, "a row must have fewer than 2^24 pixels, bits must be from 1 to 8");
    const int channels = pixels.ndim() == 3 ? 3 : 1;
    require(!palette || channels == 1, "indices of a palette are (m, n)");
    return channels;
}

nb::bytes encode_pixels(nb::ndarray<const std::uint8_t, nb::c_contig, nb::device::cpu> pixels, int bits, bool palette) {
    const int channels = channels_of(pixels, bits, palette);
    const auto m = static_cast<index_t>(pixels.shape(0)), n = static_cast<index_t>(pixels.shape(1));
    std::vector<std::uint8_t> out;
    index_t size = -1;
    {
        nb::gil_scoped_release unlocked;
        std::vector<std::uint8_t> scratch(pixels_scratch(n));
        for (index_t room = m * n * channels + 4096; size < 0; room *= 4) {
            out.resize(room);
            size = write_pixels(pixels.data(), m, n, channels, bits, palette, out.data(), room, scratch.data());
        }
    }
    return nb::bytes(out.data(), static_cast<std::size_t>(size));
}

bool decode_pixels(In<std::uint8_t, 1> data, int bits, bool palette, Out<std::uint8_t> out) {
    const int channels = channels_of(out, bits, palette);
    const auto m = static_cast<index_t>(out.shape(0)), n = static_cast<index_t>(out.shape(1));
    nb::gil_scoped_release unlocked;
    std::vector<std::uint8_t> scratch(pixels_scratch(n));
    return read_pixels(data.data(), static_cast<index_t>(data.shape(0)), out.data(), m, n, channels, bits, palette, scratch.data());
}

} // namespace

void bind_pictures(nb::module_ &m) {
    using namespace nb::literals;
    m.def("decode_picture", &decode_picture, "version"_a, "payload"_a, "models"_a, "levels"_a, "scale"_a, "halved"_a, "strong"_a, "steps"_a, "in_use"_a,
          "out"_a, "threads"_a);
    m.def("encode_pixels", &encode_pixels, "pixels"_a, "bits"_a, "palette"_a);
    m.def("decode_pixels", &decode_pixels, "data"_a, "bits"_a, "palette"_a, "out"_a);
    m.def("encode_tile", &encode_tile, "exact"_a, "in_use"_a, "models"_a, "lam"_a, "gradients"_a = nb::none(), "code"_a, "dc"_a, "context"_a,
          "learnt"_a);
}

} // namespace mho
