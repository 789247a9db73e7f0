import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import downscale_local_mean

from mho.image import psnr
from mho.image.quality import ms_ssim_of_pixels, psnr_of_pixels, ssim_of_pixels


def test_psnr_agrees_with_scikit_image():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 20, 30))
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=1.0), rel=1e-12)
    assert psnr(255 * a, 255 * b, peak=255) == pytest.approx(psnr(a, b), rel=1e-12)


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr(np.eye(3), np.eye(3)) == float("inf")


def test_a_tenth_everywhere_is_twenty_decibels():
    assert psnr(np.zeros((4, 4)), np.full((4, 4), 0.1)) == pytest.approx(20)


def test_float32_pictures_are_compared_in_double_precision():
    dark = np.zeros((2, 2), np.float32)
    assert psnr(dark, dark + np.float32(1e-14)) == pytest.approx(280, abs=0.01)


@pytest.mark.parametrize(
    ("image", "peak", "message"),
    [
        (np.zeros((3, 4)), 1.0, r"image must have the shape of reference, \(3, 3\), got \(3, 4\)"),
        (np.zeros((3, 3)), 0.0, "peak must be above 0"),
        (np.full((3, 3), np.nan), 1.0, "image contains NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(image, peak, message):
    with pytest.raises(ValueError, match=message):
        psnr(np.zeros((3, 3)), image, peak)


@pytest.mark.parametrize("shape", [(40, 30), (21, 33, 3)])
def test_measures_of_pixels_agree_with_scikit_image(shape):
    rng = np.random.default_rng(3)
    a = rng.integers(0, 256, shape, dtype=np.uint8)
    b = np.clip(a + rng.normal(0, 20, shape), 0, 255).astype(np.uint8)
    axis = 2 if len(shape) == 3 else None
    assert psnr_of_pixels(a, b) == pytest.approx(peak_signal_noise_ratio(a, b), rel=1e-12)
    assert ssim_of_pixels(a, b) == pytest.approx(structural_similarity(a, b, channel_axis=axis), rel=1e-9)


def test_pixels_of_unequal_shape_or_too_few():
    a = np.zeros((5, 9), np.uint8)
    with pytest.raises(ValueError, match="shape of reference"):
        psnr_of_pixels(a, a[:4])
    with pytest.raises(ValueError, match="at least 7 x 7"):
        ssim_of_pixels(a, a)


def _blurred_and_noisy():
    rng = np.random.default_rng(5)
    a = gaussian_filter(rng.normal(128, 60, (200, 233)), 1.5) * 3 - 256
    a = np.clip(np.rint(a), 0, 255).astype(np.uint8)
    b = np.clip(np.rint(0.9 * gaussian_filter(a.astype(float), 0.8) + rng.normal(0, 6, a.shape)), 0, 255)
    return a, b.astype(np.uint8)


def test_ms_ssim_is_the_weighted_product_of_scikit_images_ssim_over_its_luminance():
    a, b = (pixels.astype(float) for pixels in _blurred_and_noisy())
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    expected, inside = 1.0, np.s_[5:-5, 5:-5]
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        ssim = structural_similarity(a, b, full=True, **gaussian)[1][inside]
        ma, mb = (gaussian_filter(x, 1.5, truncate=3.5)[inside] for x in (a, b))
        luminance = (2 * ma * mb + 6.5025) / (ma**2 + mb**2 + 6.5025)
        expected *= np.mean(ssim if scale == 4 else ssim / luminance) ** weight
        a, b = (downscale_local_mean(x[: len(x) // 2 * 2, : x.shape[1] // 2 * 2], (2, 2)) for x in (a, b))
    assert ms_ssim_of_pixels(*_blurred_and_noisy()) == pytest.approx(expected, rel=1e-9)


def test_ms_ssim_falls_with_noise_and_needs_a_picture_of_176():
    a, b = _blurred_and_noisy()
    assert ms_ssim_of_pixels(a, a) == 1 > ms_ssim_of_pixels(a, b) > 0.8
    coloured = [np.repeat(x[..., None], 3, axis=2) for x in (a, b)]
    assert ms_ssim_of_pixels(*coloured) == pytest.approx(ms_ssim_of_pixels(a, b), abs=1e-12)
    with pytest.raises(ValueError, match="at least 176 x 176"):
        ms_ssim_of_pixels(a[:175], b[:175])
