"""`Device.fit` on cells that obey laws of others: power-law drift, heavy tails, jumps, collapses, nS to mS."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from mho.chip import Chip, Device, preset

MICRO = 1e-6
TIMES = np.array([0.0, 1e-3, 0.1, 1.0, 100.0, 1e5])
DECADES = np.log10(1 + TIMES / 1e-4)


@dataclass(frozen=True)
class Technology:
    """Targets of its levels, and what cells of a target (cells, 1) conduct at `TIMES`, both in microsiemens."""

    levels: np.ndarray
    reads: Callable

    def cells(self, targets, cells, seed):
        """Siemens, (targets, cells, times)."""
        rng = np.random.default_rng(seed)
        return np.stack([self.reads(np.full((cells, 1), target), rng) * MICRO for target in targets])

    def table(self, cells, seed):
        g = self.cells(self.levels, cells, seed)
        level, cell, time = np.meshgrid(np.arange(len(self.levels)), np.arange(cells), TIMES, indexing="ij")
        table = {"level": level, "cell": cell, "time": time, "conductance": g}
        table = pd.DataFrame({name: column.ravel() for name, column in table.items()})
        return table.sample(frac=1, random_state=seed)


def normal(g, rng):
    return rng.standard_normal(g.shape)


def phase_change(g, rng):
    """Programming noise quadratic in the conductance, which falls by a power of time, each cell by its own."""
    written = g + (0.15 + 0.06 * g - 0.001 * g**2) * normal(g, rng)
    exponent = 0.06 - 0.0005 * g + 0.02 * normal(g, rng)
    return np.maximum(written, 0.01) * (1 + TIMES / 1e-3) ** -np.clip(exponent, 0, None)


def heavy_tailed(g, rng):
    """Student's t with a scale that grows with the root of log time."""
    return np.abs(g + (0.3 + 0.4 * np.sqrt(DECADES)) * (0.5 + g / 50) * rng.standard_t(6, g.shape) / 2)


def log_normal(g, rng):
    return g * np.exp((0.04 + 0.02 * DECADES * (20 / (g + 5)) ** 0.3) * normal(g, rng)) * (1 - 0.005 * DECADES)


def both_signs(g, rng):
    """Up at low and down at high conductances, with a spread that saturates and is widest in the middle."""
    drift = 0.6 * (1 - g / 90) * DECADES
    return np.abs(g + drift + (1 + 6 * (1 - np.exp(-DECADES / 3)) * (0.3 + np.sin(np.pi * g / 200))) * normal(g, rng))


def jumping(g, rng):
    """Means of low levels alone move, by 5 uS between a tenth of a second and one."""
    jump = 5 * np.exp(-g / 8) / (1 + (0.3 / (TIMES + 1e-9)) ** 3)
    return np.abs(g + jump + (0.4 + 0.1 * DECADES) * normal(g, rng))


def collapsing(g, rng):
    """In the end one cell of a hundred has lost its filament."""
    lost = rng.random(g.shape) < 0.01 * DECADES / DECADES[-1]
    return np.where(lost, 0.3, np.abs(g + (0.6 + 0.1 * DECADES) * normal(g, rng)))


def millisiemens(g, rng):
    rate = 0.004 * np.abs(1 + 0.5 * normal(g, rng))
    return g * (1 + 0.02 * normal(g, rng)) * (1 - rate * DECADES)


def decades_wide(g, rng):
    return g * 10 ** ((0.02 + 0.005 * DECADES) * normal(g, rng))


TECHNOLOGIES = {
    "phase change": Technology(np.linspace(0.1, 30, 12), phase_change),
    "heavy-tailed": Technology(np.linspace(1, 50, 11), heavy_tailed),
    "log-normal": Technology(np.linspace(2, 100, 9), log_normal),
    "both signs": Technology(np.linspace(5, 200, 16), both_signs),
    "jumping": Technology(np.linspace(0.5, 40, 13), jumping),
    "collapsing": Technology(np.linspace(5, 60, 8), collapsing),
    "millisiemens": Technology(np.linspace(1e3, 1e4, 8), millisiemens),
    "decades wide": Technology(np.geomspace(0.01, 100, 9), decades_wide),
}
EACH = pytest.mark.parametrize("technology", TECHNOLOGIES.values(), ids=TECHNOLOGIES)


def moments(g):
    """Mean and spread of cells (targets, cells, times), and the standard error of a spread of one cell, as a share."""
    deviate = (g - g.mean(axis=1, keepdims=True)) / g.std(axis=1, keepdims=True)
    return g.mean(axis=1), g.std(axis=1), np.sqrt((np.mean(deviate**4, axis=1) - 1) / 4)


def by_pandas(table):
    found = table.groupby(["level", "time"]).conductance
    return found.mean().unstack().to_numpy(), found.std().unstack().to_numpy()


def by_law(device, targets):
    both = [device.relaxation.moments(targets, seconds) for seconds in TIMES]
    shift, spread = (np.stack(part, axis=1) for part in zip(*both, strict=True))
    return targets[:, None] + shift, spread


def assert_as(mean, spread, truth, cells, share=0.1, siemens=0.5 * MICRO):
    """Of the moments `truth` within 10 % and 0.5 uS, or half a percent of larger means, beyond four standard errors."""
    centre, width, error = truth
    slack = 4 / np.sqrt(cells)
    assert np.all(np.abs(mean - centre) < np.maximum(siemens, 0.05 * share * centre) + slack * width)
    assert np.all(np.abs(spread / width - 1) < share + slack * error)


@EACH
def test_the_law_of_half_of_the_cells_differs_from_the_other_half_as_samples_do(technology):
    cells = 4000
    table = technology.table(cells, seed=0)
    device = Device.fit(table[table.cell % 2 == 0])
    mean, spread = by_pandas(table[table.cell % 2 == 1])
    error = moments(technology.cells(technology.levels, 20_000, seed=1))[2]
    law = by_law(device, np.asarray(device.relaxation.levels))
    assert_as(*law, (mean, spread, error), cells / 4, share=0, siemens=0)


@EACH
def test_the_cells_of_a_chip_are_those_that_were_measured(technology):
    table = technology.table(300, seed=0)
    device = Device.fit(table)
    design = replace(preset("pku-2025").with_(columns=200), device=device)
    levels = np.asarray(device.relaxation.levels)
    array = Chip(design, seed=0).program(np.repeat(levels / device.g_max, 10)[:, None] * np.ones(200))
    drawn = []
    for seconds in np.diff(TIMES, prepend=0.0):
        array.age(seconds)
        drawn.append(array.g_left.reshape(len(levels), -1))
    assert_as(*by_pandas(table), moments(np.stack(drawn, axis=2)), 2000)


@EACH
def test_levels_in_between_are_interpolated(technology):
    cells = 2000
    table = technology.table(cells, seed=0)
    between = np.arange(1, len(technology.levels) - 1, 2)
    device = Device.fit(table[~table.level.isin(between)])
    truth = moments(technology.cells(technology.levels[between], 20_000, seed=1))
    assert_as(*by_law(device, truth[0][:, 0]), truth, cells)


@EACH
def test_programmed_targets_need_not_be_what_is_read(technology):
    table = technology.table(300, seed=0)
    aim = technology.levels * 1.1 * MICRO + MICRO
    law = Device.fit(table.assign(level=aim[table.level])).relaxation
    np.testing.assert_allclose(law.levels, aim)
    np.testing.assert_allclose(aim[:, None] + law.shift, by_pandas(table)[0], rtol=1e-9)


@EACH
def test_a_level_that_was_no_longer_read_changes_as_its_neighbours(technology):
    cells = 2000
    table = technology.table(cells, seed=0)
    ended = (table.level % 3 == 1) & (table.time > 10)
    device = Device.fit(table[~ended])
    truth = moments(technology.cells(technology.levels, 20_000, seed=1))
    assert_as(*by_law(device, np.asarray(device.relaxation.levels)), truth, cells)
