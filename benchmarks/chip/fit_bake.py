"""Fit `rram-tech-a` to the bakes and read traces of technology A of the RRAM-Relaxation-Master-Model:

    python benchmarks/chip/fit_bake.py DIRECTORY [--smoke]

DIRECTORY holds bake.tsv.gz and tsdata.min.tsv.gz. This writes src/mho/chip/devices/tech_a.toml,
docs/figures/bake-tech-a.svg, and prints how far the simulated cells, and a temperature that was left out of the fit,
are from what was measured. --smoke: of bakes and traces that are made up; nothing is written.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from fit_cells import MICRO, ROOT, compare, known, moments_drawn, moments_of_law, source

from mho.chip import Device
from mho.chip.devices import Relaxation, Retention
from mho.data.output import replacing

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, smoke, write

NAMES = ["addr", "time", "r", "g", "temp"]
G_MAX, LEVELS = 240e-6, 32  # of the technology's settings: ranges of equal width
ACTIVATION = 1.35 * 1.602176634e-19  # joules, assumed: the middle of published 1.1 to 1.6 eV
CELSIUS = 273.15
SAMPLING = 400.0  # hertz
BLOCKS = (1.0, 10.0)  # seconds; over longer ones the traces drift


def main() -> None:
    if smoke():
        with tempfile.TemporaryDirectory() as folder:
            make_up(Path(folder))
            measured(Path(folder))
    else:
        measured(Path(arguments()[0]))


def measured(directory: Path) -> None:
    bakes = pd.read_csv(directory / "bake.tsv.gz", sep="\t", names=NAMES)
    kelvin = np.unique(bakes.temp) + CELSIUS
    table = at_the_coldest(bakes, Retention(activation=ACTIVATION, reference=kelvin[0], coldest=1, hottest=1e3))
    device = Device.fit(table, least=100)
    law = known(device.relaxation)
    print(
        f"{len(law.levels)} levels from {device.g_min:.3g} to {device.g_max:.3g} S, {kelvin[0]:g} to {kelvin[-1]:g} K"
    )
    compare("cells that the chip draws", *moments_of_law(law), *moments_drawn(device))
    left_out = [leave_out(table, law, i) for i in range(2, len(law.times) - 1)]
    noise = read_noise(directory / "tsdata.min.tsv.gz")
    more = {
        "kelvin": str(kelvin.tolist()),
        "activation": f"{ACTIVATION:.6g}  # joules",
        "noise": f"{noise:.2g}  # siemens",
    }
    write(ROOT / "src/mho/chip/devices/tech_a.toml", source(law, "The bakes of technology A", "fit_bake.py", **more))
    if not smoke():
        plot(law, kelvin, left_out, ROOT / "docs/figures/bake-tech-a.svg")


def make_up(folder: Path, each: int = 120) -> None:
    """Write bakes of four temperatures and two read traces with the columns of the real ones."""
    rng, parts = np.random.default_rng(0), []
    for number, celsius in enumerate((100, 140, 180, 220)):
        for level in (40e-6, 120e-6, 200e-6):
            first = level + rng.normal(0, 1e-6, each)
            address = np.arange(each) + 1000 * number + level * 1e9
            for time, lost in ((0.0, 0.0), (5e5, 2e-6 * (1 + number))):
                g = first - lost + rng.normal(0, 1e-6 * (time > 0), each)
                parts.append(pd.DataFrame({"addr": address, "time": time, "r": 1 / g, "g": g, "temp": celsius}))
    pd.concat(parts).to_csv(folder / "bake.tsv.gz", sep="\t", header=False, index=False)
    with gzip.open(folder / "tsdata.min.tsv.gz", "wt") as lines:
        for level in (50e-6, 150e-6):
            lines.write("\t".join(["0", "0", *(f"{g:.6g}" for g in level + rng.normal(0, 3e-7, 8000))]) + "\n")


def at_the_coldest(bakes: pd.DataFrame, retention: Retention) -> pd.DataFrame:
    """Reads before and after each bake, with the time at the coldest temperature that would have done the same."""
    parts = []
    for celsius, reads in bakes.groupby("temp"):
        first = reads[reads.time == 0].set_index("addr").g
        end = reads.time[reads.time > 0].mean() * retention.acceleration(float(str(celsius)) + CELSIUS)
        level = np.floor(reads.addr.map(first) / G_MAX * LEVELS)
        time = np.where(reads.time == 0, 0.0, end)
        parts.append(pd.DataFrame({"level": level, "time": time, "conductance": reads.g}))
    return pd.concat(parts).query(f"level < {LEVELS}")


def leave_out(table: pd.DataFrame, law: Relaxation, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of the i-th time by the law of the others."""
    levels = np.asarray(law.levels)
    others = known(Device.fit(table[table.time != law.times[i]], least=100).relaxation)
    shift, spread = others.moments(levels, law.times[i])
    mean, measured = (part[:, i] for part in moments_of_law(law))
    compare(f"time {i} of the law, by its neighbours", mean, measured, levels + shift, spread)
    return shift, spread


def read_noise(path: Path) -> float:
    """Square root of L: the mean over traces and blocks, of logarithms, of what their variance makes it."""
    with gzip.open(path, "rt") as lines:
        traces = [np.array(line.split("\t"), float)[2:] for line in lines]
    found = np.array([[additive(g, seconds) for seconds in BLOCKS] for g in traces])
    fitted = float(np.exp(np.log(found).mean()))
    for g, row in zip(traces, found / fitted, strict=True):
        ratios = ", ".join(f"{ratio:.2f} over {seconds:g} s" for ratio, seconds in zip(row, BLOCKS, strict=True))
        print(f"read noise at {g.mean() / MICRO:.0f} uS: {ratios} of the fitted")
    print(f"additive read noise {fitted:.2g} S")
    return fitted


def additive(g: np.ndarray, seconds: float) -> float:
    """What the formula of `ReadNoise` needs to have the variance within blocks of a trace."""
    length, read = int(seconds * SAMPLING), 1 / SAMPLING
    variance = g[: len(g) // length * length].reshape(-1, length).var(axis=1).mean()
    return np.sqrt(variance / np.log((seconds + read) / (2 * read)))


def plot(law: Relaxation, kelvin: np.ndarray, left_out: list[tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Draw each bake as points, what the law of the other temperatures makes of it as a line."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    levels = np.asarray(law.levels) / MICRO
    for axes, name in zip(figure.subplots(1, 2), ("shift", "spread"), strict=True):
        measured = np.asarray(getattr(law, name)) / MICRO
        for i, temperature in enumerate(kelvin):
            label = f"{temperature - CELSIUS:.0f} °C"
            axes.plot(levels, measured[:, i + 1], ".", color=f"C{i}", markersize=4, label=label)
            if 0 < i < len(kelvin) - 1:
                axes.plot(levels, left_out[i - 1][name == "spread"] / MICRO, color=f"C{i}", linewidth=1)
        label = {"shift": "mean less target, µS", "spread": "standard deviation, µS"}[name]
        axes.set(xlabel="target, µS", ylabel=label)
    figure.axes[-1].legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
