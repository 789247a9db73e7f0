import numpy as np
import pytest

from mho.chip import preset
from mho.data import camera
from mho.engines import Analog, Hybrid
from mho.image import factor_image, psnr

FOUR_BIT = preset("pku-2025-4bit")


@pytest.fixture(scope="module")
def photo():
    return camera(256)


@pytest.fixture(scope="module")
def digital(photo):
    return factor_image(photo, 64, max_iter=200, tol=0, random_state=0)


def test_the_photograph_at_half_the_numbers(photo, digital):
    assert digital.storage == 0.5
    assert psnr(photo, digital.reconstruction) >= 31.5


def test_no_rank_64_product_can_beat_the_truncated_svd(photo, digital):
    values = np.linalg.svd(photo, compute_uv=False)
    best = 10 * np.log10(photo.size / np.sum(values[64:] ** 2))
    assert psnr(photo, digital.W @ digital.H) < best


@pytest.mark.parametrize("seed", [0, 1])
def test_a_noisy_chip_with_two_digital_passes_comes_within_one_decibel(photo, digital, seed):
    engine = Hybrid(FOUR_BIT, passes=2, seed=seed)
    hybrid = factor_image(photo, 64, engine=engine, max_iter=32, tol=0, random_state=0)
    engines = [record["engine"] for record in hybrid.history]
    assert engines == ["analog"] * (len(engines) - 2) + ["digital"] * 2
    assert len(engines) < 32  # the chip's error levels off
    assert psnr(photo, hybrid.reconstruction) > psnr(photo, digital.reconstruction) - 1.0


def test_two_digital_passes_alone_do_not(photo, digital):
    cold = factor_image(photo, 64, max_iter=2, tol=0, random_state=0)
    assert psnr(photo, cold.reconstruction) < psnr(photo, digital.reconstruction) - 2.0


def test_the_chip_alone_is_worse_and_accounts_for_itself(photo, digital):
    analog = factor_image(photo, 64, engine=Analog(FOUR_BIT, seed=0), max_iter=4, tol=0, random_state=0)
    assert psnr(photo, analog.reconstruction) < psnr(photo, digital.reconstruction)
    seconds = [record["chip_seconds"] for record in analog.history]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_the_reconstruction_is_a_picture(digital):
    assert digital.reconstruction.min() >= 0
    assert digital.reconstruction.max() <= 1


def test_history_and_callback_are_those_of_the_factorization(photo):
    seen = []
    factored = factor_image(photo, 8, max_iter=50, callback=lambda r: seen.append(r) or len(seen) == 3, random_state=0)
    assert factored.history == seen
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("image", "k", "message"),
    [
        (np.full((4, 4), 255.0), 2, "image must hold grey levels from 0 to 1, got 255.0"),
        (np.full((4, 4), -0.1), 2, "image contains a negative entry"),
        (np.zeros((4, 4, 3)), 2, r"image must be a matrix \(2 dimensions\), got shape \(4, 4, 3\)"),
        (np.ones((4, 6)), 5, r"n_components must be at least 1 and at most 4 \(the shorter side of the image\), got 5"),
    ],
)
def test_what_is_no_grey_picture_is_refused(image, k, message):
    with pytest.raises(ValueError, match=message):
        factor_image(image, k)
