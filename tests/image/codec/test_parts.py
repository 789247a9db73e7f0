"""The codec's parts, each against arithmetic of its own kind."""

import numpy as np
import pytest
from PIL import Image
from scipy.fft import idctn
from scipy.stats import entropy

from mho.image.codec import Dictionary, universal_dictionary
from mho.image.codec.adaptive_counts import AdaptiveCounts
from mho.image.codec.dc import interpolated
from mho.image.codec.entropy import Reader, Writer
from mho.image.codec.model import ATOMS, CONTEXTS
from mho.image.codec.planes import from_patches, to_patches, to_pixels, to_planes
from mho.image.codec.tokens import LARGEST, TOKENS, extra_bits, first_of, split


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


def test_flat_colours_come_back_within_one_level():
    rng = np.random.default_rng(1)
    for colour in rng.integers(0, 256, (50, 3)):
        pixels = np.full((5, 7, 3), colour, np.uint8)
        planes = [np.rint(16 * plane).astype(np.int32) for plane in to_planes(pixels)]
        assert np.abs(to_pixels(planes, (5, 7)).astype(int) - pixels).max() <= 1


def test_chroma_is_interpolated_linearly():
    """A ramp stays a ramp, away from the edges."""
    ramp = np.tile(np.arange(-800, 800, 100, dtype=np.int32), (8, 1))
    flat = np.zeros((16, 32), np.int32)
    red = to_pixels([flat, np.zeros_like(ramp), ramp], (16, 32))[8, 4:-4, 0].astype(float)
    assert np.abs(np.diff(red) - 1.402 * 50 / 16).max() <= 1.01


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (13, 21), (9, 64)])
def test_patches_make_up_the_plane_again(shape):
    plane = np.random.default_rng(2).random(shape, np.float32)
    patches = to_patches(plane)
    assert patches.shape == (64, -(-shape[0] // 8), -(-shape[1] // 8))
    np.testing.assert_array_equal(from_patches(patches, shape), plane)


def test_the_universal_dictionary_fits_cells_of_four_bits():
    dictionary = universal_dictionary()
    for cells in (dictionary.positive, dictionary.negative):
        assert cells.min() == 0
        assert cells.max() == 15
        np.testing.assert_array_equal(cells, np.rint(cells))
    assert not (dictionary.positive * dictionary.negative).any()


def test_patches_are_the_sum_of_atoms_in_exact_integers():
    """Python's integers as the reference: float64 has rounded nothing on the way."""
    dictionary = universal_dictionary()
    codes = np.random.default_rng(3).integers(-40, 40, (ATOMS, 5))
    codes[0] *= 10
    step = 333
    levels = (dictionary.positive - dictionary.negative).astype(int).astype(object)
    exact = levels @ (codes.astype(object) * (dictionary.scale.astype(int) * step).astype(object)[:, None])
    expected = ((exact + 2**15) // 2**16).astype(np.int32)
    np.testing.assert_array_equal(dictionary.patches(codes, step), expected)


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


def test_the_flat_map_is_visited_once_everywhere():
    codes = np.zeros((37, 18), int)
    visits = np.zeros_like(codes)
    for where, _, _ in interpolated(codes):
        visits[where] += 1
    assert (visits == 1).all()


def test_a_plane_is_predicted_without_error_inside():
    """Interpolation of something linear: zero, but for the coarsest grid and the edges."""
    plane = np.add.outer(4 * np.arange(33), 8 * np.arange(33))
    codes = np.zeros_like(plane)
    for where, predicted, _ in interpolated(codes):
        inside = (where[0] % 32 > 0) & (where[1] % 32 > 0)
        if predicted.any():
            np.testing.assert_array_equal(predicted[inside], plane[where][inside])
        codes[where] = plane[where]


def _coded(codes, contexts):
    prior = np.ones((CONTEXTS, TOKENS), int)
    writer = Writer()
    counts = AdaptiveCounts(prior)
    for part in np.array_split(np.arange(len(codes)), 40):
        writer.put(codes[part], contexts[part], counts)
    return writer.data, prior


def test_codes_come_back():
    rng = np.random.default_rng(4)
    codes = np.rint(rng.standard_cauchy(5000)).clip(-LARGEST, LARGEST).astype(np.int32)
    contexts = rng.integers(0, CONTEXTS, 5000)
    data, prior = _coded(codes, contexts)
    reader, counts = Reader(data), AdaptiveCounts(prior)
    found = [reader.get(contexts[part], counts) for part in np.array_split(np.arange(5000), 40)]
    np.testing.assert_array_equal(np.concatenate(found), codes)


def test_statistics_learn_the_entropy():
    """Within 3 % of Shannon's bound for a source that is not known beforehand."""
    rng = np.random.default_rng(5)
    codes = (rng.geometric(0.4, 100_000) - 1).astype(np.int32) * rng.choice(np.array([-1, 1], np.int32), 100_000)
    data, _ = _coded(codes, np.zeros(100_000, int))
    bound = entropy(np.unique(codes, return_counts=True)[1], base=2) * 100_000
    assert bound < 8 * len(data) < 1.03 * bound
