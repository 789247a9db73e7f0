"""Draws the README's picture, docs/figures/chip.png: python scripts/readme_picture.py.

A loop of eight op-amps on its way to the answer, and a photo whose factors were computed on the simulated chip.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import mho
from mho.chip import as_circuit
from mho.circuits.transient import transient
from mho.data import replacing

PICTURE = Path(__file__).parents[1] / "docs" / "figures" / "chip.png"


def draw(path: Path) -> None:
    """Draw both halves side by side."""
    figure = Figure(figsize=(11, 3.5), layout="constrained", facecolor="white")
    loop, photo, through = figure.subplots(1, 3, width_ratios=(1.9, 1, 1))
    _loop(loop)
    X = mho.data.camera()
    model = mho.NMF(64, engine=mho.Analog("pku-2025-4bit", seed=0), max_iter=10, random_state=0)
    Y = model.fit_transform(X) @ model.components_
    for ax, picture, title in (
        (photo, X, "a photo, 256 x 256"),
        (through, Y, "two factors of it, from the chip"),
    ):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        ax.set_title(title, fontsize=10)
        ax.axis("off")
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def _loop(ax) -> None:
    rng = np.random.default_rng(3)
    A = rng.random((32, 8))
    b = A @ rng.normal(0.2, 0.5, 8)
    array = mho.Chip("pku-2025", seed=0).program(A)
    waveform = transient(as_circuit(array), array.volts(b[:, None])[:, 0])
    time = np.linspace(0, 2 * waveform.settling_time(0.01), 500)
    ax.plot(1e9 * time, 1e3 * waveform.outputs(time).T, linewidth=1.6)
    ax.set(xlabel="time, ns", ylabel="outputs of eight op-amps, mV")
    ax.set_title("one solve: the voltages settle to the non-negative answer", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    draw(PICTURE)
