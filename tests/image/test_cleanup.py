"""Photo clean-up, beside scikit-image."""

import numpy as np
import pytest
from skimage import data, draw
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import inpaint_biharmonic

from mho import Analog, Hybrid
from mho.chip import preset
from mho.engines import engine_for
from mho.image.cleanup import Noise, denoise, inpaint, scratches
from mho.image.cleanup.one_dictionary import denoised_by_dictionary, filled_by_dictionaries
from mho.image.cleanup.patches import pixels_of, planes_of

CAMERA = data.camera()[160:256, 160:256]
ASTRONAUT = np.ascontiguousarray(data.astronaut()[64:128, 192:256])


def lost(shape, share, seed=0):
    return np.random.default_rng(seed).random(shape[:2]) < share


@pytest.mark.parametrize("pixels", [CAMERA, ASTRONAUT], ids=["grey", "colour"])
def test_lost_pixels_come_back_within_a_tenth_of_a_dB_of_biharmonic(pixels):
    mask = lost(pixels.shape, 0.5)
    damaged = np.where(mask if pixels.ndim == 2 else mask[..., None], 0, pixels).astype(np.uint8)
    ours = inpaint(damaged, mask)
    axis = None if pixels.ndim == 2 else 2
    theirs = inpaint_biharmonic(damaged / 255, mask, channel_axis=axis)
    theirs = np.rint(255 * np.clip(theirs, 0, 1)).astype(np.uint8)
    assert peak_signal_noise_ratio(pixels, ours) > peak_signal_noise_ratio(pixels, theirs) - 0.1
    assert peak_signal_noise_ratio(pixels, ours) > peak_signal_noise_ratio(pixels, damaged) + 12
    np.testing.assert_array_equal(ours[~mask], pixels[~mask])


def test_what_lies_under_the_mask_does_not_matter():
    mask = lost(CAMERA.shape, 0.2)
    one, other = (inpaint(np.where(mask, level, CAMERA).astype(np.uint8), mask) for level in (0, 255))
    np.testing.assert_array_equal(one, other)


def test_holes_larger_than_a_patch_are_filled():
    flat = np.full((40, 40), 90, np.uint8)
    mask = np.zeros(flat.shape, bool)
    mask[8:30, 8:30] = True
    np.testing.assert_allclose(inpaint(np.where(mask, 0, flat).astype(np.uint8), mask), flat, atol=1)


def test_nothing_lost_is_nothing_done():
    np.testing.assert_array_equal(inpaint(CAMERA, np.zeros(CAMERA.shape, bool)), CAMERA)


@pytest.mark.parametrize(
    ("pixels", "mask", "error", "message"),
    [
        (CAMERA / 255, np.zeros(CAMERA.shape, bool), TypeError, "8-bit"),
        (CAMERA[:7], np.zeros((7, 96), bool), ValueError, "at least 8 x 8"),
        (CAMERA, np.zeros(CAMERA.shape), TypeError, "mask must be boolean"),
        (CAMERA, np.zeros((2, 2), bool), ValueError, "mask must have the shape"),
        (CAMERA, np.ones(CAMERA.shape, bool), ValueError, "at least one pixel known"),
    ],
)
def test_what_cannot_be_filled_is_refused(pixels, mask, error, message):
    with pytest.raises(error, match=message):
        inpaint(pixels, mask)


def noisy(pixels, sigma):
    noise = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return np.rint(np.clip(pixels + noise, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize(("sigma", "gain"), [(10, 1), (25, 4)])
@pytest.mark.parametrize("pixels", [CAMERA, ASTRONAUT], ids=["grey", "colour"])
def test_noise_becomes_less(pixels, sigma, gain):
    pixels = pixels[:64, :64]
    damaged = noisy(pixels, sigma)
    cleaned = denoise(damaged, sigma)
    assert peak_signal_noise_ratio(pixels, cleaned) > peak_signal_noise_ratio(pixels, damaged) + gain


def test_no_noise_is_nothing_done_and_no_number_is_refused():
    np.testing.assert_array_equal(denoise(CAMERA, 0), CAMERA)
    with pytest.raises(ValueError, match="sigma"):
        denoise(CAMERA, -1)
    with pytest.raises(ValueError, match="sigma must be told where gain is, got gain = 2"):
        denoise(CAMERA, gain=2)


NOISY_CHIP = preset("pku-2025-4bit")


def test_a_chip_without_error_and_the_hybrid_clean_up_as_the_cpu_does():
    pixels, mask = CAMERA[:32, 40:72], np.zeros((32, 32), bool)
    mask[:, 14:16] = True
    stable = np.float32(noisy(pixels, 15)[..., None] / 15)
    filled = pixels_of(filled_by_dictionaries(planes_of(pixels), mask, engine_for("digital"), 0))
    calm = denoised_by_dictionary(stable, engine_for("digital"), 0)[..., 0]
    for engine in (Analog(preset("ideal"), seed=0), Hybrid(NOISY_CHIP, seed=0)):
        np.testing.assert_allclose(inpaint(pixels, mask, engine=engine).astype(int), filled, atol=1)
        found = denoise(noisy(pixels, 15), 15, engine=engine)
        np.testing.assert_allclose(found.astype(int), Noise(sigma=15).restored(calm).clip(0, 255), atol=1)


def test_a_noisy_chip_cleans_up_less_well_and_still_cleans():
    pixels, mask = CAMERA[:32, 40:72], np.zeros((32, 32), bool)
    mask[:, 14:16] = True
    damaged = np.where(mask, 255, pixels).astype(np.uint8)
    psnrs = [
        peak_signal_noise_ratio(pixels, inpaint(damaged, mask, engine=engine))
        for engine in (Analog(NOISY_CHIP, seed=0), "digital")
    ]
    assert peak_signal_noise_ratio(pixels, damaged) + 10 < psnrs[0] < psnrs[1]


def scratched(pixels, level):
    """Two that cross, two pixels wide, and where they are."""
    mask = np.zeros(pixels.shape[:2], bool)
    last = len(mask) - 1
    for left, right in ((30, 90), (80, 20)):
        rows, cols = draw.line(0, left, last, right)
        mask[rows, cols] = mask[rows, cols + 1] = True
    return np.where(mask if pixels.ndim == 2 else mask[..., None], level, pixels).astype(np.uint8), mask


@pytest.mark.parametrize("pixels", [data.chelsea()[:150, :200], data.chelsea()[:150, :200, 1]], ids=["colour", "grey"])
@pytest.mark.parametrize(("polarity", "level"), [("bright", 255), ("dark", 0)])
def test_scratches_are_found_and_little_else(pixels, polarity, level):
    assert scratches(pixels, polarity).mean() < 0.002
    damaged, mask = scratched(pixels, level)
    found = scratches(damaged, polarity)
    assert found[mask].mean() > 0.98
    assert found[~mask].mean() < 0.005
    assert not (scratches(damaged, "dark" if polarity == "bright" else "bright") & mask).any()


def test_short_wide_and_faint_lines_are_no_scratches():
    flat = np.full((120, 120), 100, np.uint8)
    for place, level in ((np.s_[10:60, 50], 200), (np.s_[:, 50:55], 200), (np.s_[:, 50], 111)):
        pixels = flat.copy()
        pixels[place] = level
        assert not scratches(pixels).any()
    pixels[:, 50] = 112
    np.testing.assert_array_equal(np.unique(np.nonzero(scratches(pixels))[1]), [50])


def test_scratches_are_bright_or_dark():
    with pytest.raises(ValueError, match="polarity"):
        scratches(CAMERA, "green")
