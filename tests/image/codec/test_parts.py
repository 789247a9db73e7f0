"""The codec's parts, each against arithmetic of its own kind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.fft import idctn
from scipy.stats import entropy
from skimage import data

from mho.image.codec import Dictionary, Picture, decode, encode, universal_dictionary
from mho.image.codec.codec import analyse, write
from mho.image.codec.coder import choose, write_tile
from mho.image.codec.planes import chroma_loss, to_patches, to_planes
from mho.image.codec.tokens import LARGEST, TOKENS, extra_bits, first_of, split
from mho.image.codec.universal import models

_FIRST = Path(__file__).with_name("first")
"""Files that version 0.1.0 wrote, and their pixels as it read them."""


def test_every_number_is_its_token_and_plain_bits():
    numbers = np.arange(LARGEST + 1)
    tokens, extra = split(numbers)
    np.testing.assert_array_equal(first_of(tokens) + extra, numbers)
    assert (extra >= 0).all()
    assert (extra < 1 << extra_bits[tokens]).all()
    assert set(tokens) == set(range(TOKENS))


def test_planes_are_those_of_jfif():
    """Pillow's conversion, which rounds to whole levels."""
    rng = np.random.default_rng(0)
    pixels = np.repeat(np.repeat(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8), 2, axis=0), 2, axis=1)
    pillow = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(float)
    luma, cb, cr = to_planes(pixels)
    assert np.abs(luma + 128 - pillow[..., 0]).max() < 1.01
    assert np.abs(cb + 128 - pillow[::2, ::2, 1]).max() < 1.01
    assert np.abs(cr + 128 - pillow[::2, ::2, 2]).max() < 1.01


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (13, 21), (9, 64)])
def test_patches_make_up_the_plane_again(shape):
    plane = np.random.default_rng(2).random(shape, np.float32)
    patches = to_patches(plane)
    assert patches.shape == (64, -(-shape[0] // 8), -(-shape[1] // 8))
    np.testing.assert_array_equal(_from_patches(patches, shape), plane)


def test_the_universal_dictionary_fits_cells_of_four_bits():
    dictionary = universal_dictionary()
    for cells in (dictionary.positive, dictionary.negative):
        assert cells.min() == 0
        assert cells.max() == 15
        np.testing.assert_array_equal(cells, np.rint(cells))
    assert not (dictionary.positive * dictionary.negative).any()


def test_cells_of_more_levels_come_closer_to_the_atoms():
    atoms = np.stack([idctn(unit.reshape(8, 8), norm="ortho").ravel() for unit in np.eye(64)], axis=1)
    errors = [np.abs(Dictionary.quantised(atoms, bits).atoms - atoms).max() for bits in (2, 4, 8)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_a_read_back_dictionary_has_the_error_of_a_mean_over_its_columns():
    dictionary = universal_dictionary()
    noisy = dictionary.read_back(0.02, random_state=0)
    for found, cells in ((noisy.positive, dictionary.positive), (noisy.negative, dictionary.negative)):
        error = found - cells
        assert not error[:, 0].any()
        scaled = error[:, 1:] * np.sqrt(dictionary.columns[1:])
        assert np.std(scaled) == pytest.approx(0.02 * 15, rel=0.05)


def test_the_universal_dictionary_shares_columns_by_frequency():
    """96 columns, none for the DC atom; each other one has some, the lowest frequencies most."""
    columns = universal_dictionary().columns
    assert (columns[0], columns.sum(), columns[1:].min()) == (0, 96, 1)
    assert columns[1:3].min() > columns[3:].max()


def _from_patches(patches, shape):
    _, rows, columns = patches.shape
    tiles = patches.reshape(8, 8, rows, columns).transpose(2, 0, 3, 1)
    return tiles.reshape(rows * 8, columns * 8)[: shape[0], : shape[1]]


def _plane(codes, dictionary, step, shape):
    """The plane of whole codes (64, rows, columns), in sixteenths, by Python's integers."""
    weight = codes.reshape(64, -1).astype(object) * (dictionary.scale.astype(int) * step).astype(object)[:, None]
    sums = dictionary.levels.astype(int).astype(object) @ weight
    return _from_patches(((sums + 2**15) // 2**16).astype(np.int64).reshape(codes.shape), shape)


def _smoothed(plane, step, strong):
    """Edges of patches, first those beside one another."""
    share, less = (7, 64) if strong else (6, 32)
    for turned in (False, True):
        lines = (plane if turned else plane.T).copy()
        for edge in range(8, len(lines) - 2, 8):
            p2, p1, p0, q0, q1, q2 = lines[edge - 3 : edge + 3]
            curvature = np.abs(p2 - 2 * p1 + p0) + np.abs(q2 - 2 * q1 + q0)
            limit = np.maximum(step // 4 - curvature // less, 0)
            nearest = np.clip((share * (q0 - p0) + 8) // 16, -limit, limit)
            change = np.stack([(nearest + 4) // 8, nearest])
            lines[edge - 2 : edge] += change
            lines[edge : edge + 2] -= change[::-1]
        plane = lines if turned else lines.T
    return plane


def _doubled(plane):
    for _ in range(2):
        padded = np.pad(plane, ((1, 1), (0, 0)), mode="edge")
        rows = np.stack([3 * plane + padded[:-2] + 2, 3 * plane + padded[2:] + 2], axis=1) >> 2
        plane = rows.reshape(-1, plane.shape[1]).T
    return plane


def _pixels(planes, shape, halved):
    luma = planes[0] + 2048
    if len(planes) == 1:
        return np.clip((luma + 8) >> 4, 0, 255)
    cb, cr = (_doubled(plane)[: shape[0], : shape[1]] if halved else plane for plane in planes[1:])
    green = (cb * 1409 + cr * 2925) >> 4
    found = [256 * luma + (cr * 5742 >> 4), 256 * luma - green, 256 * luma + (cb * 7258 >> 4)]
    return np.clip((np.stack(found, axis=2) + 2048) >> 12, 0, 255)


def _decoded_plainly(picture, step, chroma):
    """Codes as the encoder chose them to pixels, without its bytes."""
    exact, dictionary = analyse(picture, chroma=chroma), universal_dictionary()
    halved, steps = exact.halved(step), (step, round(step * 0.8))
    m, n = picture.shape
    half = ((m + 1) // 2, (n + 1) // 2)
    shapes = [(m, n), *[half if halved else (m, n)] * 2][: 1 if picture.pixels.ndim == 2 else 3]
    planes = [np.zeros(shape, np.int64) for shape in shapes]
    corners = [(top, left) for top in range(0, m, 1024) for left in range(0, n, 1024)]
    for tile, corner in zip(exact.tiles(halved), corners, strict=True):
        chosen = choose([codes * np.float32(16 / steps[p > 0]) for p, codes in enumerate(tile)], models())
        for p, plane in enumerate(planes):
            codes = chosen.codes[p].astype(np.int64)
            codes[0] = chosen.dc[p]
            top, left = (start // (2 if p and halved else 1) for start in corner)
            part = plane[top : top + (512 if p and halved else 1024), left : left + (512 if p and halved else 1024)]
            part[:] = _plane(codes, dictionary, steps[p > 0], part.shape)
    smooth = [_smoothed(plane, steps[p > 0], strong=step >= 384) for p, plane in enumerate(planes)]
    return write(exact, step), _pixels(smooth, (m, n), halved)


@pytest.mark.parametrize("chroma", ["420", "444"])
@pytest.mark.parametrize("step", [20, 150, 900])
def test_decoding_is_the_arithmetic_that_the_format_says(step, chroma):
    coded, expected = _decoded_plainly(Picture(data.astronaut()[:83, 100:205]), step, chroma)
    np.testing.assert_array_equal(decode(coded).pixels, expected)


@pytest.mark.parametrize("shape", [(1040, 40), (33, 1043), (1025, 1030)])
def test_tiles_join_without_a_seam(shape):
    i, j = np.indices(shape)
    pixels = np.rint(120 + 60 * np.sin(i / 40) + 50 * np.cos(j / 31)).astype(np.uint8)
    coded, expected = _decoded_plainly(Picture(pixels), 700, "auto")
    np.testing.assert_array_equal(decode(coded).pixels, expected)


def test_tiles_of_colour_join_without_a_seam():
    i, j = np.indices((1031, 50))
    pixels = np.stack([i // 8 % 256, (i + 3 * j) // 7 % 256, np.abs(200 - j - i // 16)], axis=2).astype(np.uint8)
    for chroma in ("420", "444"):
        coded, expected = _decoded_plainly(Picture(pixels), 400, chroma)
        np.testing.assert_array_equal(decode(coded).pixels, expected)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_threads_change_nothing(monkeypatch, threads):
    coded = encode(Picture(np.tile(data.camera(), (3, 3))[:1100, :1500]), quality=20)
    expected = decode(coded).pixels
    monkeypatch.setenv("MHO_NUM_THREADS", threads)
    np.testing.assert_array_equal(decode(coded).pixels, expected)


@pytest.mark.parametrize("name", sorted(path.stem for path in _FIRST.glob("*.mho")))
def test_files_of_the_first_version(name):
    expected = np.load(_FIRST / "expected.npz")[name]
    np.testing.assert_array_equal(decode((_FIRST / f"{name}.mho").read_bytes()).pixels, expected)


def test_codes_cost_their_entropy():
    """Within 3 % of Shannon's bound, for codes that know nothing of each other and that the counts do not know."""
    rng = np.random.default_rng(5)
    exact = np.zeros((64, 48, 48), np.float32)
    exact[1:41] = (rng.geometric(0.4, (40, 48, 48)) - 1) * rng.choice([-1, 1], (40, 48, 48))
    np.testing.assert_array_equal(choose([exact], models(), lam=0).codes[0], exact)
    bound = entropy(np.unique(exact[1:41], return_counts=True)[1], base=2) * exact[1:41].size
    assert bound < 8 * len(write_tile([exact], models(), lam=0)) < 1.03 * bound


def test_chroma_loss_is_that_of_means_of_four_pixels():
    pixels = data.coffee()[:40, :60]
    cb, cr = to_planes(pixels, halved=False)[1:]
    error = [plane - plane.reshape(20, 2, 30, 2).mean(axis=(1, 3)).repeat(2, 0).repeat(2, 1) for plane in (cb, cr)]
    red, blue = 1.402 * error[1], 1.772 * error[0]
    green = 0.344136 * error[0] + 0.714136 * error[1]
    without_product = red**2 + blue**2 + green**2 - 2 * 0.344136 * 0.714136 * error[0] * error[1]
    assert chroma_loss(pixels) == pytest.approx(without_product.mean(), rel=1e-3)
