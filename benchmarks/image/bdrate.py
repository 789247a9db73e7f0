"""BD-rate of the picture codec against Pillow's JPEG: `python benchmarks/image/bdrate.py FOLDER [--grey]`.

Files are real ones, headers included. JPEG is `optimize=True`, 4:2:0. PSNR is of all samples of the 8-bit pictures, RGB
for colour; SSIM is scikit-image's (7 x 7 window, mean over channels). The rate is averaged over the range of quality
that both curves cover (Bjontegaard 2001, with the monotone cubic of scipy instead of a polynomial).
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter
from PIL import Image
from scipy.interpolate import PchipInterpolator
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.image.codec import Picture, decode
from mho.image.codec.codec import analyse, write

JPEG_QUALITIES = (8, 15, 25, 40, 55, 70, 82, 90)
STEPS = (100, 140, 200, 280, 400, 560, 800, 1120)

app = App(help=__doc__, result_action="return_value")


@dataclass(frozen=True)
class Curve:
    """Bits per pixel, PSNR in dB and SSIM of one picture at several qualities."""

    points: tuple[tuple[float, float, float], ...]

    def rate(self, measure):
        """Log rate as a function of quality, PSNR (1) or SSIM (2), and the range it covers."""
        ordered = sorted(self.points, key=lambda point: point[measure])
        quality = np.array([point[measure] for point in ordered])
        if measure == 2:
            quality = -np.log(1 - quality)  # SSIM crowds near 1; the scale only weighs the average
        return PchipInterpolator(quality, np.log([point[0] for point in ordered])), quality[[0, -1]]


def bd_rate(ours, theirs, measure):
    """Mean difference of the rate at equal quality, as a share."""
    (f, a), (g, b) = ours.rate(measure), theirs.rate(measure)
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return float(np.exp((f.integrate(low, high) - g.integrate(low, high)) / (high - low)) - 1)


def point(original, decoded, size):
    axis = 2 if original.ndim == 3 else None
    psnr = peak_signal_noise_ratio(original, decoded, data_range=255)
    return (
        8 * size / original[..., 0].size if axis else 8 * size / original.size,
        psnr,
        structural_similarity(original, decoded, channel_axis=axis, data_range=255),
    )


def jpeg(original):
    points = []
    for quality in JPEG_QUALITIES:
        file = io.BytesIO()
        Image.fromarray(original).save(file, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        points.append(point(original, np.asarray(Image.open(file)), file.tell()))
    return Curve(tuple(points))


def ours(original, dictionary=None):
    exact = analyse(Picture(original), dictionary)
    files = [write(exact, step) for step in STEPS]
    return Curve(tuple(point(original, decode(data).pixels, len(data)) for data in files))


@app.default
def main(folder: Path, *, grey: Annotated[bool, Parameter(negative="")] = False, limit: int | None = None):
    """Compare over every PNG of a folder."""
    rows = []
    for path in sorted(folder.glob("*.png"))[:limit]:
        original = np.asarray(Image.open(path).convert("L" if grey else "RGB"))
        a, b = ours(original), jpeg(original)
        rows.append([bd_rate(a, b, measure) for measure in (1, 2)])
        print(f"{path.stem}  PSNR {rows[-1][0]:+.1%}  SSIM {rows[-1][1]:+.1%}", flush=True)
    print("mean      PSNR {:+.1%}  SSIM {:+.1%}".format(*np.mean(rows, axis=0)))


if __name__ == "__main__":
    app()
