"""Quality against rate, drawn."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, ScalarFormatter

from mho.data.output import replacing

RATES = (0.1, 0.2, 0.5, 1, 2)
SSIMS = (0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
MEASURES = {1: "PSNR in dB", 2: "SSIM"}


def chart(path, codecs):
    """Write an SVG: PSNR and SSIM against bits per pixel, the mean over pictures at each setting of each codec.

    `codecs` maps names to lists, of a picture each, of (bits per pixel, PSNR, SSIM) at the same settings. Rates and
    what SSIM lacks of one are averaged geometrically.
    """
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), MEASURES, strict=True):
        for name, pictures in codecs.items():
            axes.plot(*_mean(np.array(pictures), measure), "o-", ms=3, label=name)
        axes.set(xscale="log", xlabel="bits per pixel", ylabel=MEASURES[measure])
        axes.xaxis.set_major_locator(FixedLocator(RATES))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(FixedLocator([]))
        axes.grid(alpha=0.3)
    axes = figure.axes[-1]
    axes.set_yticks([-np.log(1 - ssim) for ssim in SSIMS], [str(ssim) for ssim in SSIMS])
    axes.legend(loc="lower right")
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _mean(pictures, measure):
    rate = np.exp(np.log(pictures[..., 0]).mean(axis=0))
    quality = pictures[..., 1] if measure == 1 else -np.log(1 - pictures[..., 2])
    return rate, quality.mean(axis=0)
