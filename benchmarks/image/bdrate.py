"""BD-rate of mho and of WebP against JPEG: `python benchmarks/image/bdrate.py FOLDER [--grey] [--plot rate.svg]`.

Files are real ones, headers included. JPEG is Pillow's, `optimize=True`, 4:2:0; WebP is Pillow's at its slowest,
`method=6`. PSNR is of all samples of the 8-bit pictures, RGB
for colour; SSIM is scikit-image's (7 x 7 window, mean over channels). The rate is averaged over the range of quality
that both curves cover (Bjontegaard 2001, with the monotone cubic of scipy instead of a polynomial).
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from chart import chart
from cyclopts import App, Parameter
from PIL import Image
from scipy.interpolate import PchipInterpolator
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.image.codec import Picture, decode
from mho.image.codec.codec import analyse, write

JPEG_QUALITIES = (8, 15, 25, 40, 55, 70, 82, 90)
WEBP_QUALITIES = (1, 10, 25, 45, 65, 80, 90, 95)
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


def pillow(original, form, qualities, **options):
    points = []
    for quality in qualities:
        file = io.BytesIO()
        Image.fromarray(original).save(file, form, quality=quality, **options)
        decoded = np.asarray(Image.open(file).convert("L" if original.ndim == 2 else "RGB"))
        points.append(point(original, decoded, file.tell()))
    return Curve(tuple(points))


def jpeg(original):
    return pillow(original, "JPEG", JPEG_QUALITIES, optimize=True, subsampling="4:2:0")


def webp(original):
    return pillow(original, "WEBP", WEBP_QUALITIES, method=6)


def ours(original, dictionary=None):
    exact = analyse(Picture(original), dictionary)
    files = [write(exact, step) for step in STEPS]
    return Curve(tuple(point(original, decode(data).pixels, len(data)) for data in files))


CODECS = {"JPEG": jpeg, "WebP": webp, "mho": ours}


def against_jpeg(curves, name):
    return [bd_rate(curves[name], curves["JPEG"], measure) for measure in (1, 2)]


@app.default
def main(
    folder: Path,
    *,
    grey: Annotated[bool, Parameter(negative="")] = False,
    limit: int | None = None,
    plot: Path | None = None,
):
    """Compare over every PNG of a folder."""
    found = []
    for path in sorted(folder.glob("*.png"))[:limit]:
        original = np.asarray(Image.open(path).convert("L" if grey else "RGB"))
        found.append({name: codec(original) for name, codec in CODECS.items()})
        told = (
            f"{name} PSNR {{:+.1%}} SSIM {{:+.1%}}".format(*against_jpeg(found[-1], name)) for name in ("mho", "WebP")
        )
        print(path.stem, *told, sep="  ", flush=True)
    for name in ("mho", "WebP"):
        rows = np.array([against_jpeg(curves, name) for curves in found])
        for measure, column in zip(("PSNR", "SSIM"), rows.T, strict=True):
            print(f"{name:5} {measure}  mean {column.mean():+.1%}, {column.min():+.1%} to {column.max():+.1%}")
    if plot is not None:
        chart(plot, {name: [curves[name].points for curves in found] for name in CODECS})


if __name__ == "__main__":
    app()
