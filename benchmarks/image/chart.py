"""Quality against rate, drawn."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, ScalarFormatter

from mho.data.output import replacing

RATES = (0.1, 0.2, 0.5, 1, 2)
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
    axes.set_yscale("function", functions=(lambda s: -np.log(1 - np.minimum(s, 0.999)), lambda y: 1 - np.exp(-y)))
    axes.yaxis.set_major_locator(FixedLocator([0.6, 0.7, 0.8, 0.9, 0.95, 0.98]))
    axes.legend(loc="lower right")
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _mean(pictures, measure):
    rate = np.exp(np.log(pictures[..., 0]).mean(axis=0))
    if measure == 2:
        return rate, 1 - np.exp(np.log(1 - pictures[..., 2]).mean(axis=0))
    return rate, pictures[..., measure].mean(axis=0)
