"""Whole pictures, against Pillow's JPEG and scikit-image's measures."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.data import DataError
from mho.image.codec import (
    Picture,
    decode,
    encode,
    encode_learned,
    encode_to_size,
    learned_dictionary,
    universal_dictionary,
)
from mho.image.codec.codec import analyse, prepared, step_of, write
from mho.image.codec.planes import to_patches


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()[:256, :384]


def _jpeg_of_at_least(pixels, size):
    """The smallest of Pillow's JPEGs with no fewer bytes."""
    for quality in range(1, 100):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() >= size:
            return np.asarray(Image.open(file))
    raise AssertionError


@pytest.mark.parametrize("quality", [10, 40, 80])
@pytest.mark.parametrize("grey", [False, True])
def test_closer_than_a_jpeg_of_as_many_bytes(astronaut, quality, grey):
    pixels = astronaut[..., 1].copy() if grey else astronaut
    coded = encode(Picture(pixels), quality=quality)
    ours, jpeg = decode(coded).pixels, _jpeg_of_at_least(pixels, len(coded))
    assert peak_signal_noise_ratio(pixels, ours) > peak_signal_noise_ratio(pixels, jpeg) + 1
    axis = None if grey else 2
    assert structural_similarity(pixels, ours, channel_axis=axis) > structural_similarity(
        pixels, jpeg, channel_axis=axis
    )


def test_quality_buys_decibels_with_bytes(astronaut):
    files = [encode(Picture(astronaut), quality=quality) for quality in (0, 30, 60, 90, 100)]
    sizes = [len(file) for file in files]
    psnrs = [peak_signal_noise_ratio(astronaut, decode(file).pixels) for file in files]
    assert sizes == sorted(sizes)
    assert psnrs == sorted(psnrs)
    assert psnrs[-1] > 40


def test_effort_saves_more_bits_than_it_costs_in_error(astronaut):
    """At a price p, in squared steps a bit, error / step^2 + p bits falls; 0.13 is the encoder's."""
    picture, step = Picture(astronaut[..., 1].copy()), step_of(40) / 16

    def cost(effort):
        coded = encode(picture, quality=40, effort=effort)
        error = np.sum((picture.pixels - decode(coded).pixels.astype(float)) ** 2)
        return error / step**2 + 0.13 * 8 * len(coded)

    costs = [cost(effort) for effort in (1, 2, 3)]
    assert costs[1] < 0.999 * costs[0]
    assert costs[2] < 0.999 * costs[0]


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 50), (50, 1), (7, 9), (8, 8), (17, 33), (1, 1, 3), (19, 5, 3), (33, 16, 3)]
)
def test_any_size(shape):
    pixels = np.random.default_rng(0).integers(60, 200, shape, dtype=np.uint8)
    decoded = decode(encode(Picture(pixels), quality=100, effort=2)).pixels
    assert decoded.shape == shape
    assert decoded.dtype == np.uint8
    if len(shape) == 2:  # colour noise does not survive halving
        assert np.abs(decoded.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_is_a_hundred_bytes(level):
    pixels = np.full((200, 300), level, np.uint8)
    coded = encode(Picture(pixels))
    assert len(coded) < 100
    assert np.abs(decode(coded).pixels.astype(int) - level).max() <= 1


def test_black_and_white_noise_at_the_best_quality():
    """The largest codes that there are."""
    pixels = np.random.default_rng(1).choice(np.array([0, 255], np.uint8), (64, 64))
    assert np.abs(decode(encode(Picture(pixels), quality=100)).pixels.astype(int) - pixels).max() <= 2


def test_what_belongs_to_the_picture_is_kept():
    rng = np.random.default_rng(2)
    alpha = rng.integers(0, 256, (20, 31), dtype=np.uint8)
    picture = Picture(np.zeros((20, 31, 3), np.uint8), alpha, icc=b"profile", exif=b"Exif\0\0camera")
    decoded = decode(encode(picture))
    np.testing.assert_array_equal(decoded.alpha, alpha)
    assert (decoded.icc, decoded.exif) == (picture.icc, picture.exif)


def test_a_dictionary_of_the_file_s_own(astronaut):
    """Its atoms reversed: the same pictures can be had, and the decoder must be told."""
    universal = universal_dictionary()
    flipped = type(universal)(universal.negative, universal.positive, universal.scale)
    plain, own = encode(Picture(astronaut)), encode(Picture(astronaut), dictionary=flipped)
    psnr = peak_signal_noise_ratio(astronaut, decode(own).pixels)
    assert psnr == pytest.approx(peak_signal_noise_ratio(astronaut, decode(plain).pixels), abs=0.1)
    assert len(plain) < len(own) < len(plain) + 3000


def test_a_noisy_array_loses_little(astronaut):
    """Half of what it would with one column for each atom, at least."""
    coded = encode(Picture(astronaut), quality=60)
    exact = peak_signal_noise_ratio(astronaut, decode(coded).pixels)
    shared = universal_dictionary()
    single = replace(shared, columns=np.minimum(shared.columns, 1))

    def lost(dictionary):
        chips = (dictionary.read_back(0.02, seed) for seed in range(3))
        return exact - np.mean([peak_signal_noise_ratio(astronaut, decode(coded, dictionary=d).pixels) for d in chips])

    assert 0 < lost(shared) < 0.5 * lost(single) < 0.2


@pytest.mark.parametrize(
    ("pixels", "error", "message"),
    [
        (np.zeros((4, 4)), TypeError, "pixels must be 8-bit"),
        (np.zeros((4, 4), np.uint16), TypeError, "uint16"),
        (np.zeros((4, 4, 4), np.uint8), ValueError, r"\(m, n\) or \(m, n, 3\)"),
        (np.zeros((0, 4), np.uint8), ValueError, "not be empty"),
    ],
)
def test_what_is_no_picture(pixels, error, message):
    with pytest.raises(error, match=message):
        Picture(pixels)


@pytest.mark.parametrize("quality", [-1, 101, float("nan")])
def test_quality_out_of_range(quality):
    with pytest.raises(ValueError, match="quality must be from 0 to 100"):
        encode(Picture(np.zeros((4, 4), np.uint8)), quality=quality)


def test_too_large_a_picture_is_refused():
    coded = encode(Picture(np.zeros((40, 50), np.uint8)))
    with pytest.raises(DataError, match="more than max_pixels = 1,999"):
        decode(coded, max_pixels=1999)
    assert decode(coded, max_pixels=2000).shape == (40, 50)


def _hatched():
    i, j = np.indices((192, 192))
    noise = np.random.default_rng(0).normal(0, 2, i.shape)
    return np.rint(128 + 90 * np.sin(0.9 * j + 0.6 * i) + noise).astype(np.uint8)


def test_a_learned_dictionary_is_orthogonal_but_for_its_cells_and_ranks_by_energy():
    dictionary = learned_dictionary(Picture(data.camera()[:128, :128].copy()))
    assert np.abs(dictionary.atoms.T @ dictionary.atoms - np.eye(64)).max() < 0.15
    assert np.ptp(dictionary.atoms[:, 0]) == 0
    assert max(dictionary.positive.max(), dictionary.negative.max()) == 15
    energy = np.var(dictionary.codes(to_patches(data.camera()[:128, :128] - 128.0).reshape(64, -1)), axis=1)[1:]
    assert energy[:8].min() > energy[-32:].max()


def test_a_learned_dictionary_is_taken_where_it_wins(astronaut):
    hatched, photo = Picture(_hatched()), Picture(astronaut[:64, :64].copy())
    coded, own = encode_learned(hatched, quality=50)
    plain = encode(hatched, quality=50)
    assert own
    assert len(coded) < 0.8 * len(plain)
    psnrs = [peak_signal_noise_ratio(hatched.pixels, decode(file).pixels) for file in (coded, plain)]
    assert psnrs[0] > psnrs[1]
    assert encode_learned(photo, effort=2) == (encode(photo, effort=2), False)


def test_a_flat_picture_has_a_dictionary_too():
    picture = Picture(np.full((16, 16), 77, np.uint8))
    assert np.abs(decode(encode(picture, dictionary=learned_dictionary(picture))).pixels - 77.0).max() <= 1


def test_an_array_is_told_how_it_becomes_a_picture():
    with pytest.raises(TypeError, match=r"picture must be .*Picture, got ndarray; Picture\(pixels\) makes one"):
        encode(np.zeros((8, 8), np.uint8))


def _png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.tell()


def _webp(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True, method=6, quality=100)
    return file.tell()


def _written(mode, size, ground, ink, lines):
    image = Image.new(mode, size, ground)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((4, 4 + 14 * number), line, fill=ink)
    return np.asarray(image.convert("L" if mode == "1" else mode))


def _ruler():
    image = Image.new("1", (1200, 160), 1)
    draw = ImageDraw.Draw(image)
    for x in range(0, 1200, 10):
        draw.line((x, 0, x, 30 + 20 * (x % 50 == 0) + 30 * (x % 100 == 0)), fill=0)
    for x in range(0, 1200, 100):
        draw.text((x + 3, 90), str(x // 100), fill=0)
    return np.asarray(image.convert("L"))


RED_ON_BLUE = _written("RGB", (256, 128), (0, 0, 255), (255, 0, 0), 8 * ["The quick brown fox jumps over the lazy dog"])


@pytest.mark.parametrize("shape", [(1, 1), (1, 7, 3), (5, 1, 3), (33, 20), (19, 40, 3)])
@pytest.mark.parametrize("levels", [2, 17, 256])
def test_without_loss_every_pixel_is_kept(shape, levels):
    pixels = np.random.default_rng(6).integers(0, levels, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decode(encode(Picture(pixels), lossless=True)).pixels, pixels)


def test_a_photo_without_loss_is_smaller_than_a_png(astronaut):
    coded = encode(Picture(astronaut[:96, :128]), lossless=True)
    np.testing.assert_array_equal(decode(coded).pixels, astronaut[:96, :128])
    assert len(coded) < 0.9 * _png(astronaut[:96, :128])


@pytest.mark.parametrize("quality", [60, 90])
def test_red_text_on_blue_is_sharp_and_smaller_than_a_png(quality):
    coded = encode(Picture(RED_ON_BLUE), quality=quality)
    np.testing.assert_array_equal(decode(coded).pixels, RED_ON_BLUE)
    assert len(coded) < _png(RED_ON_BLUE)


def test_chroma_of_the_full_resolution_keeps_coloured_text(astronaut):
    """Even where it is rounded; photos have chroma of half the resolution."""
    step, text = step_of(90), Picture(RED_ON_BLUE)
    assert not analyse(text).halved(step)
    assert analyse(Picture(astronaut)).halved(step_of(60))
    psnr = [
        peak_signal_noise_ratio(RED_ON_BLUE, decode(write(analyse(text, chroma=chroma), step)).pixels)
        for chroma in ("444", "420")
    ]
    assert psnr[0] > 38 > psnr[1] + 10


def _window():
    """A bar with a gradient, more colours than a palette holds, and lines of text."""
    window = Image.new("RGB", (320, 240), (246, 246, 248))
    draw = ImageDraw.Draw(window)
    for x in range(320):
        draw.line((x, 0, x, 31), fill=(40 + x // 8, 60 + x // 5, 110 + x // 3))
    for n in range(12):
        draw.text((12, 40 + 16 * n), f"{n:3}  the quick brown fox", fill=(20, 20, 24))
    return np.asarray(window)


@pytest.mark.parametrize("pixels", [RED_ON_BLUE, _ruler(), _window()], ids=["text", "ruler", "window"])
def test_drawings_are_as_small_as_webp_s_without_loss(pixels):
    coded = encode(Picture(pixels), quality=60)
    np.testing.assert_array_equal(decode(coded).pixels, pixels)
    assert len(coded) < 1.1 * _webp(pixels)


def test_no_file_is_larger_than_a_png():
    i, j = np.indices((120, 160))
    noise = np.random.default_rng(8).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    drawings = [
        np.stack([i, j, i + j], axis=2).astype(np.uint8),
        (i // 9 * 40 % 256).astype(np.uint8),
        noise,
        np.where((i // 8 + j // 8) % 2, 255, 0).astype(np.uint8),
        np.zeros((1, 1), np.uint8),
    ]
    for pixels in drawings:
        for quality in (60, 100):
            assert len(encode(Picture(pixels), quality=quality)) <= _png(pixels)


def test_a_screenshot_with_a_gradient_is_no_larger_than_a_png():
    for quality in (60, 90):
        assert len(encode(Picture(_window()), quality=quality)) <= _png(_window())


def _blocks(pixels, side=8):
    """Mean square of luma's steps across the grid less that of others (Yim-2011, without its scale)."""
    luma = pixels @ [0.299, 0.587, 0.114]
    across, within = [], []
    for steps in (np.diff(luma, axis=0) ** 2, np.diff(luma.T, axis=0) ** 2):
        edge = np.arange(len(steps)) % side == side - 1
        across.append(steps[edge].mean())
        within.append(steps[~edge].mean())
    return np.mean(across) - np.mean(within)


@pytest.mark.parametrize("quality", [20, 50])
def test_a_face_shows_fewer_blocks_than_a_webp_of_as_many_bytes(quality):
    face, file = np.ascontiguousarray(data.astronaut()[:256, 128:352]), io.BytesIO()
    Image.fromarray(face).save(file, "WEBP", quality=quality, method=6)
    theirs = np.asarray(Image.open(file).convert("RGB"))
    ours = decode(encode_to_size(Picture(face), file.tell())).pixels
    assert _blocks(ours) < _blocks(theirs)
    assert peak_signal_noise_ratio(face, ours) > peak_signal_noise_ratio(face, theirs) - 0.5


def test_opaque_alpha_is_dropped_and_hidden_colours_are_cleared():
    rng = np.random.default_rng(9)
    pixels, alpha = rng.integers(0, 256, (24, 40, 3), dtype=np.uint8), np.full((24, 40), 255, np.uint8)
    assert prepared(Picture(pixels, alpha))[1] == ("dropped alpha, opaque everywhere",)
    assert decode(encode(Picture(pixels, alpha))).alpha is None
    alpha[:, 20:] = 0
    picture, notes = prepared(Picture(pixels, alpha))
    assert notes == ("cleared the colours of pixels that are transparent",)
    assert np.ptp(picture.pixels[:, 20:].reshape(-1, 3), axis=0).tolist() == [0, 0, 0]
    np.testing.assert_array_equal(picture.pixels[:, :20], pixels[:, :20])
    decoded = decode(encode(Picture(pixels, alpha), lossless=True))
    np.testing.assert_array_equal(decoded.pixels, picture.pixels)
    np.testing.assert_array_equal(decoded.alpha, alpha)


_SECOND = Path(__file__).with_name("second")
"""Files of version 2 as its first encoder wrote them, and their pixels."""


@pytest.mark.parametrize("name", sorted(path.stem for path in _SECOND.glob("*.mho")))
def test_files_of_the_second_version(name):
    expected, decoded = np.load(_SECOND / "expected.npz"), decode((_SECOND / f"{name}.mho").read_bytes())
    np.testing.assert_array_equal(decoded.pixels, expected[name])
    if f"{name}_alpha" in expected:
        np.testing.assert_array_equal(decoded.alpha, expected[f"{name}_alpha"])
