"""Rate against quality of one codec on one picture, and the mean difference of two such curves."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

CROWDED = ("ssim", "msssim")
"""Measures that crowd near 1: -log(1 - measure) is taken, which only weighs the average."""

FALLING = ("butteraugli",)
"""Measures that are the smaller the better."""


@dataclass(frozen=True)
class Curve:
    """Points of one picture at several qualities: mappings from `bpp`, bits a pixel, and measures to figures."""

    points: tuple[dict[str, float], ...]

    def rate(self, measure):
        """Log rate as a function of quality, and the range of quality it covers."""
        quality = np.array([point[measure] for point in self.points])
        if measure in CROWDED:
            quality = -np.log(1 - quality)
        elif measure in FALLING:
            quality = -np.log(quality)
        rate = np.log([point["bpp"] for point in self.points])
        order = np.argsort(quality)
        order = order[np.concatenate([[True], np.diff(quality[order]) > 1e-9])]
        return PchipInterpolator(quality[order], rate[order]), quality[order][[0, -1]]


def bd_rate(ours, theirs, measure):
    """Mean difference of the rate at equal quality, as a share; NaN where the two have no quality in common.

    Bjontegaard 2001, with the monotone cubic of scipy instead of a polynomial.
    """
    (f, a), (g, b) = ours.rate(measure), theirs.rate(measure)
    low, high = max(a[0], b[0]), min(a[1], b[1])
    if high <= low:
        return float("nan")
    return float(np.exp((f.integrate(low, high) - g.integrate(low, high)) / (high - low)) - 1)
