"""Measures of a decoded picture against its original: PSNR, SSIM, MS-SSIM, SSIMULACRA 2, Butteraugli, blockiness."""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.image.quality import ms_ssim_of_pixels

HERE = Path(__file__).parent
PEERS_PYTHON = Path(os.environ.get("MHO_IMAGE_PEERS", HERE / ".venv")) / "bin" / "python"


def psnr(original, decoded):
    return float(peak_signal_noise_ratio(original, decoded, data_range=255))


def ssim(original, decoded):
    """scikit-image's, windows of 7 x 7 pixels, mean over channels."""
    axis = 2 if original.ndim == 3 else None
    return float(np.asarray(structural_similarity(original, decoded, channel_axis=axis, data_range=255)))


def luma(pixels):
    return pixels.astype(float) if pixels.ndim == 2 else pixels @ np.array([0.299, 0.587, 0.114])


def blockiness(original, decoded, side=8):
    """Blocking effect factor of luma (Yim-2011) less that of the original: 0 without blocks of `side` pixels.

    The mean square of steps across the grid, less that of all other steps between neighbours, if it is more.
    """
    return max(0.0, _steps(luma(decoded), side) - max(0.0, _steps(luma(original), side)))


def _steps(plane, side):
    squares = [np.diff(plane, axis=axis) ** 2 for axis in (0, 1)]
    squares[1] = squares[1].T
    across = np.concatenate([s[side - 1 :: side].ravel() for s in squares])
    within = np.concatenate([np.delete(s, np.s_[side - 1 :: side], axis=0).ravel() for s in squares])
    scale = np.log2(side) / np.log2(min(plane.shape))
    return float(scale * (across.mean() - within.mean()))


def ssimulacra2(original, decoded):
    """Of the package of that name, in the peers' environment."""
    code = "import sys, ssimulacra2 as s; print(s.compute_ssimulacra2(*sys.argv[1:]))"
    return _of_files(original, decoded, [str(PEERS_PYTHON), "-c", code])


def butteraugli(original, decoded):
    """Its 3-norm, by libjxl's butteraugli_main; the smaller the better."""
    return _of_files(original, decoded, ["butteraugli_main"])


def _of_files(original, decoded, command):
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{name}.png" for name in ("original", "decoded")]
        for path, pixels in zip(paths, (original, decoded), strict=True):
            Image.fromarray(pixels).convert("RGB").save(path, compress_level=0)
        told = subprocess.run([*command, *paths], capture_output=True, text=True, check=True).stdout
    return float(told.split()[-1])


MEASURES = {
    "psnr": psnr,
    "ssim": ssim,
    "msssim": ms_ssim_of_pixels,
    "ssimulacra2": ssimulacra2,
    "butteraugli": butteraugli,
}
QUICK = ("psnr", "ssim", "msssim")
NAMES = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "msssim": "MS-SSIM",
    "ssimulacra2": "SSIMULACRA 2",
    "butteraugli": "Butteraugli",
}


def point(original, decoded, size, measures=QUICK):
    """Bits a pixel and the named measures of one file of `size` bytes."""
    found = {"bpp": 8 * size / (original.shape[0] * original.shape[1])}
    return found | {name: MEASURES[name](original, decoded) for name in measures}
