// Tiles of a picture: their codes read, or chosen and written.

namespace {

constexpr index_t patches_along(index_t samples) { return (samples + patch - 1) / patch; }

inline index_t lay_out(Plane &plane, const PictureTile &tile, int p, std::uint8_t *scratch) {
    return lay_out(plane, patches_along(tile.m[p]), patches_along(tile.n[p]), scratch);
}

template <class Reader>
inline bool read_planes(const PictureTile &tile, const PictureModel *models, const PictureDictionary &d, Reader &reader, std::uint8_t *scratch) {
    for (int p = 0; p < tile.planes && reader.going_on(); ++p) {
        Plane plane;
        lay_out(plane, tile, p, scratch);
        scan(plane, models[p > 0], tile.in_use[p], reader);
        synthesize(plane, d, tile.step[p], tile.out[p], tile.row[p], tile.m[p], tile.n[p]);
    }
    return reader.going_on();
}

inline bool read_first(const PictureTile &tile, const PictureModel *models, const PictureDictionary &d, const std::uint8_t *data,
                       index_t bytes, std::uint8_t *scratch) {
    RangeReader reader(data, bytes);
    return read_planes(tile, models, d, reader, scratch);
}

inline bool read_tile(const PictureTile &tile, const PictureModel *models, const PictureDictionary &d, const std::uint8_t *data,
                      index_t words, index_t bytes, std::uint8_t *scratch) {
    RansReader reader(data, data + words, data + bytes);
    return read_planes(tile, models, d, reader, scratch) && reader.ended();
}

constexpr index_t most_bits_of_code = 13;

// Words of all tokens, their symbols, plain bits.
inline index_t most_written(index_t patches) { return atoms * patches * (2 + 4 + 2) + 256; }

// Codes as they were chosen, for the next pass.
inline void tell(const Plane &plane, const PictureChoice &choice, int p) {
    if (!choice.code[p]) return;
    for (index_t cell = 0; cell < plane.patches; ++cell)
        for (int j = 0; j < atoms; ++j)
            choice.code[p][cell * atoms + j] = plane.used[cell] >> j & 1 ? plane.code[cell * atoms + j] : std::int16_t{0};
    __builtin_memcpy(choice.dc[p], plane.dc, static_cast<std::size_t>(plane.patches) * 4);
}

// Returns the bytes written at the front of `out`, of which the first `words` are the coder's.
inline index_t write_tile(const PictureTile &tile, const PictureModel *models, const PictureChoice &choice, std::uint8_t *out, index_t *words,
                          std::uint8_t *scratch) {
    index_t patches = 0;
    for (int p = 0; p < tile.planes; ++p) patches += patches_along(tile.m[p]) * patches_along(tile.n[p]);
    const index_t codes = atoms * patches;
    Gathered gathered;
    gathered.symbol = reinterpret_cast<std::uint32_t *>(out), gathered.bits = out + 4 * codes;
    for (int p = 0; p < tile.planes; ++p) {
        Plane plane;
        lay_out(plane, tile, p, scratch);
        RateDistortion chooser(choice.exact[p], choice.gradient[p], plane.patches, choice.lambda, gathered, choice.context[p],
                               choice.learnt[p]);
        scan(plane, models[p > 0], tile.in_use[p], chooser);
        tell(plane, choice, p);
    }
    gathered.flush();
    std::uint8_t *end = out + most_written(patches), *begin = gathered.words(end);
    *words = end - begin;
    __builtin_memmove(out, begin, static_cast<std::size_t>(*words));
    __builtin_memmove(out + *words, gathered.bits, static_cast<std::size_t>(gathered.bytes));
    return *words + gathered.bytes;
}

constexpr Pictures pictures() {
    return {&plane_bytes, &read_first, &read_tile, &most_written, &write_tile, &smooth_rows, &smooth_across, &colour_scratch, &colour_rows};
}

} // namespace
