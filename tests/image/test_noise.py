"""Noise: estimated, stabilised and brought back; groups of like patches beside the same formulas in NumPy."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means

from mho.image.cleanup import Noise, denoise, estimate_noise
from mho.image.cleanup.groups import denoised

CASES = [
    (data.camera()[100:228, 130:258], 0.5, 3),
    (data.astronaut()[40:168, 150:278], 1, 5),
    (data.coffee()[100:228, 200:328], 2, 10),
    (data.chelsea()[80:208, 100:228], 4, 10),
]


def made_noisy(pixels, gain, sigma, seed=0):
    rng = np.random.default_rng(seed)
    mean = gain * rng.poisson(pixels / gain) if gain else pixels
    return np.rint(np.clip(mean + rng.normal(0, sigma, pixels.shape), 0, 255)).astype(np.uint8)


def nl_means(pixels, noise):
    """scikit-image's, its noise of equal variance too, with the settings of its example."""
    stable = noise.stabilised(pixels.astype(float))
    low, span = stable.min(), np.ptp(stable)
    told = {"h": 0.8 / span, "sigma": 1 / span, "patch_size": 5, "patch_distance": 6}
    axis = 2 if pixels.ndim == 3 else None
    smooth = denoise_nl_means((stable - low) / span, fast_mode=True, channel_axis=axis, **told)
    return np.rint(np.clip(noise.restored(smooth * span + low), 0, 255)).astype(np.uint8)


@pytest.mark.parametrize(("pixels", "gain", "sigma"), CASES, ids=["camera", "astronaut", "coffee", "chelsea"])
def test_poisson_gaussian_noise_nobody_told_of_is_taken_away_better_than_by_non_local_means(pixels, gain, sigma):
    noisy = made_noisy(pixels, gain, sigma)
    ours, theirs = denoise(noisy), nl_means(noisy, Noise(gain, sigma))
    assert peak_signal_noise_ratio(pixels, ours) > peak_signal_noise_ratio(pixels, theirs)


@pytest.mark.parametrize(("gain", "sigma"), [(0, 12), (0.5, 3), (2, 10)])
def test_noise_is_estimated(gain, sigma):
    found = estimate_noise(made_noisy(data.coffee(), gain, sigma, seed=1))
    true = Noise(gain, sigma)
    levels = np.array([30, 128, 200])
    np.testing.assert_allclose(found.variance(levels) ** 0.5, true.variance(levels) ** 0.5, rtol=0.08)


def test_a_flat_picture_has_no_noise_and_stays():
    flat = np.full((40, 40), 77, np.uint8)
    assert not estimate_noise(flat)
    np.testing.assert_array_equal(denoise(flat), flat)


@pytest.mark.parametrize("noise", [Noise(0, 20), Noise(3, 8), Noise(6, 0)], ids=str)
@pytest.mark.parametrize("level", [4, 90, 230])
def test_noise_is_of_variance_one_and_means_come_back_without_bias(noise, level):
    rng = np.random.default_rng(2)
    z = (noise.gain * rng.poisson(level / noise.gain, 200_000) if noise.gain else level) + rng.normal(
        0, noise.sigma, 200_000
    )
    stable = noise.stabilised(np.clip(z, 0, 255))
    assert noise.restored(stable.mean()) == pytest.approx(level, abs=0.3 + 0.01 * level)
    if 3 * noise.variance(level) ** 0.5 < min(level, 255 - level):
        assert stable.std() == pytest.approx(1, abs=0.03)


def test_noise_is_told_in_words_and_refused_by_name():
    assert str(Noise(0, 12.34)) == "of 12.3 grey levels"
    assert str(Noise(2, 5)) == "of 5 grey levels, its variance 2 more for each grey level"
    with pytest.raises(ValueError, match="gain"):
        Noise(-1, 2)
    with pytest.raises(ValueError, match="at least 32 x 32 to estimate noise"):
        estimate_noise(np.zeros((31, 40), np.uint8))
    with pytest.raises(ValueError, match="neither black nor white"):
        estimate_noise(np.zeros((40, 40), np.uint8))


def mixtures(patches, noisy, ridge, first):
    """A group (64, n) as the mean plus centred patches times codes, by NumPy's solver."""
    n = patches.shape[1]
    mean = patches.mean(axis=1, keepdims=True)
    C, X = patches - mean, noisy - mean
    gram = C.T @ C
    if first:
        A = np.linalg.solve(gram + (ridge - 1 + 1e-3) * 64 * np.eye(n), gram - 64 * np.eye(n))
    else:
        A = np.linalg.solve(gram + ridge * n * np.eye(n), C.T @ X)
    H = np.maximum(0, 1 / n + (A - A.mean(axis=0)) / 4)
    H /= H.sum(axis=0)
    return (mean + 4 * C) @ H  # W H: columns of W are patches pushed outwards from their mean


def one_pass(noisy, estimate, members, ridge, first):
    """Every sixth pixel's group; levels are those that the distances are rounded to."""
    side, (m, n) = 8, noisy.shape
    looks = np.rint(8 * (estimate - estimate.min()).astype(np.float64))
    total, count = np.zeros((m, n)), np.zeros((m, n))
    spots = [sorted({*range(0, s - side, 6), s - side}) for s in (m, n)]
    for i in spots[0]:
        for j in spots[1]:
            near = [
                (a, b)
                for a in range(max(0, i - 10), min(m - side, i + 10) + 1)
                for b in range(max(0, j - 10), min(n - side, j + 10) + 1)
            ]
            own = looks[i : i + side, j : j + side]
            far = [-1 if at == (i, j) else np.sum((looks[at[0] :, at[1] :][:side, :side] - own) ** 2) for at in near]
            chosen = [near[k] for k in np.argsort(far, kind="stable")[:members]]
            P, X = (
                np.stack([x[a : a + side, b : b + side].ravel() for a, b in chosen], axis=1) for x in (estimate, noisy)
            )
            for (a, b), patch in zip(chosen, mixtures(P, X, ridge, first).T, strict=True):
                total[a : a + side, b : b + side] += patch.reshape(side, side)
                count[a : a + side, b : b + side] += 1
    return total / count


def test_groups_are_factored_as_the_formulas_say():
    rng = np.random.default_rng(4)
    noisy = (data.camera()[150:182, 200:230] / 20 + rng.normal(size=(32, 30))).astype(np.float32)
    first = one_pass(noisy, noisy, 16, 2.0, True)
    expected = one_pass(noisy, first, 24, 1.5, False)
    np.testing.assert_allclose(denoised(noisy[..., None])[..., 0], expected, atol=0.02)


def test_threads_change_nothing(monkeypatch):
    noisy = np.random.default_rng(5).normal(10, 1, (150, 60, 3)).astype(np.float32)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("MHO_NUM_THREADS", threads)
        found.append(denoised(noisy))
    np.testing.assert_array_equal(*found)


def test_the_smallest_picture_is_taken():
    assert denoise(np.full((8, 8), 9, np.uint8), 5).shape == (8, 8)
