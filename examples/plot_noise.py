"""
What errors of the chip do
==========================

The same problems on chips with one error each, against SciPy's exact answers: the median of eight chips. The page about
it is :doc:`/learn/noise`.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import nnls

import mho

rng = np.random.default_rng(0)
A, B = rng.random((128, 10)), rng.random((128, 12))
exact = np.column_stack([nnls(A, b)[0] for b in B.T])


def error(**changes):
    design = mho.chip.preset("ideal").with_(**changes)
    found = (mho.Chip(design, seed=seed).program(A).solve(B) for seed in range(8))
    return np.median([np.linalg.norm(x - exact) / np.linalg.norm(exact) for x in found])


# %%
# Spread of writing, levels of a cell, gain of the op-amps, resistance of a wire between two cells.

sweeps = {
    "sigma": ("spread of writing, share of full scale", np.geomspace(0.003, 0.1, 6)),
    "levels": ("levels of a cell", np.array([4, 8, 16, 32, 64])),
    "gain": ("gain of the op-amps", np.geomspace(1e3, 1e6, 6)),
    "column_ohms": ("ohms between two cells of a column", np.geomspace(0.01, 3, 6)),
}
figure, axes = plt.subplots(1, 4, figsize=(12, 3), layout="constrained", sharey=True)
for ax, (name, (label, values)) in zip(axes, sweeps.items(), strict=True):
    errors = [error(**{name: value.item()}) for value in values]
    slope = np.polyfit(np.log(values), np.log(errors), 1)[0]
    print(f"{name:12} error from {min(errors):.2%} to {max(errors):.2%}, power {slope:+.2f}")
    ax.loglog(values, errors, "o-")
    ax.set_xlabel(label)
axes[0].set_ylabel("relative error of the answers")
plt.show()
