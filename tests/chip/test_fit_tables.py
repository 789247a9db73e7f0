"""What `Device.fit` takes for a table, and what it refuses."""

import numpy as np
import pandas as pd
import pyarrow
import pytest

from mho.chip import Device

from .hostile import MICRO, unlike_any


@pytest.mark.parametrize("kind", ["Float64", "object"])
def test_every_kind_of_missing_value_is_left_out(kind):
    table = unlike_any().astype({"conductance": kind, "level": "string"})
    table.loc[table.index[::7], "level"] = pd.NA
    expected = table.dropna().astype({"conductance": float, "level": object})
    assert Device.fit(table) == Device.fit(expected)


def hidden(column):
    return np.ma.masked_invalid(column.to_numpy())


@pytest.mark.parametrize(
    "form",
    [
        dict,
        lambda table: {name: column.tolist() for name, column in table.items()},
        lambda table: table.astype({"level": "category"}),
        lambda table: table.astype({"level": "S3"}).to_records(),
        lambda table: pyarrow.Table.from_pandas(table, preserve_index=False),
        lambda table: table.to_dict("series") | {"conductance": hidden(table.conductance)},
        lambda table: table[::-1],
    ],
)
def test_every_form_of_a_table_is_read_alike(form):
    table = unlike_any()
    table.loc[table.index[::11], "conductance"] = np.inf
    assert_alike(Device.fit(form(table)).relaxation, Device.fit(table).relaxation)


def assert_alike(law, other):
    assert law.times == other.times
    for name in ("levels", "shift", "spread"):
        np.testing.assert_allclose(getattr(law, name), getattr(other, name), rtol=1e-9, atol=1e-9 * MICRO)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_levels_that_are_numbers_among_missing_ones_stay_numbers(missing):
    table = unlike_any().dropna()
    known = table.level.str[1:].astype(int) * 18.0 * MICRO + MICRO
    gaps = known.astype(object).where(np.arange(len(table)) % 5 > 0, missing)
    law = Device.fit(table.assign(level=gaps)).relaxation
    assert law.levels == pytest.approx(np.unique(known))  # targets, as the highest is that of its reads


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda table: table.to_numpy(), TypeError, "table must be a DataFrame, .* of columns, got ndarray"),
        (lambda table: "cells.csv", TypeError, "table must be a DataFrame, .* got str"),
        (lambda table: table[:0], ValueError, "a row in which nothing is missing"),
        (lambda table: dict(table, level=3), ValueError, r"'level' must have one dimension, got shape \(\)"),
        (lambda table: dict(table, level=None), ValueError, r"'level' must have one dimension, got shape \(\)"),
        (lambda table: dict(table, time=[0.0, 1.0]), ValueError, "'time' must have .* rows as the others"),
        (lambda table: table.assign(time=pd.to_timedelta(table.time, unit="s")), TypeError, "'time' must hold numbers"),
        (lambda table: table.assign(conductance=table.conductance + 1j), TypeError, "numbers, got complex128"),
        (lambda table: table.assign(aim=-MICRO), ValueError, "'aim' must be at least 0, got -1e-06"),
        (lambda table: table.assign(aim=50.0), ValueError, "'aim' must be in siemens, got a median of 50"),
    ],
)
def test_what_is_no_table_of_reads_is_refused(change, kind, message):
    table = unlike_any().dropna().assign(aim=20 * MICRO)
    with pytest.raises(kind, match=message):
        Device.fit(change(table), target="aim")


@pytest.mark.parametrize(("factor", "median"), [(1e6, "got a median of"), (None, "turn resistances over")])
def test_what_cannot_be_siemens_is_refused(factor, median):
    table = unlike_any().dropna()
    table["conductance"] = 1 / table.conductance if factor is None else table.conductance * factor
    with pytest.raises(ValueError, match=f"'conductance' must be in siemens, .*{median}"):
        Device.fit(table)
