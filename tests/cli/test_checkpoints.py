"""A run that is killed loses what came after its last checkpoint, and ends as if it had not been killed."""

import json
import multiprocessing
import os
import signal

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

from mho import NMF, Recommender
from mho.chip import preset
from mho.cli import main, periodic
from mho.data import DataError, read_factors, write_factors
from mho.data.factors import read_state
from mho.engines import Analog, Hybrid

_MODULES = ["mho.cli.run", "mho.cli.recommend.run", "mho.cli.chip.sweep"]
_KILLED = """
import importlib, os, signal
from mho.cli import main, periodic

class Kills(periodic.Periodic):
    calls = 0

    def __call__(self):
        Kills.calls += 1
        periodic.SAVE_SECONDS = -1.0 if Kills.calls <= 3 else 1e9  # the last iterations are lost
        super().__call__()
        if Kills.calls == 5:
            os.kill(os.getpid(), signal.SIGKILL)

for module in modules:
    importlib.import_module(module).Periodic = Kills
main(arguments)
"""


def _run(*arguments):
    assert main([str(argument) for argument in (*arguments, "-q")]) == 0


def _kill(*arguments):
    """Run the command in a process of its own that ends itself; all of them come from one that has imported mho."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(_MODULES)
    names = {"modules": _MODULES, "arguments": [*map(str, arguments), "-q"]}
    process = server.Process(target=exec, args=(_KILLED, names))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


@pytest.fixture
def matrix(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((90, 70)))
    return tmp_path / "x.npy"


def test_a_killed_factorization_ends_with_the_same_factors(tmp_path, matrix):
    options = ["factor", matrix, "-k", 3, "--max-iter", 40]
    _run(*options, "-o", tmp_path / "whole")
    _kill(*options, "-o", tmp_path / "o")
    assert read_factors(tmp_path / "o")[2]["iterations"] == "3"
    assert {path.name for path in tmp_path.iterdir()} == {"x.npy", "whole", "o"}
    _run(*options, "-o", tmp_path / "o", "--resume")
    (W, H, about), (W2, H2, about2) = read_factors(tmp_path / "o"), read_factors(tmp_path / "whole")
    np.testing.assert_array_equal(W, W2)
    np.testing.assert_array_equal(H, H2)
    assert about == about2
    assert read_state(tmp_path / "o") == {}


def test_a_killed_recommender_ends_with_the_same_factors(tmp_path):
    rng = np.random.default_rng(0)
    rows = np.c_[rng.integers(0, 30, 400), rng.integers(0, 20, 400), rng.integers(1, 6, 400)]
    np.savetxt(tmp_path / "r.csv", rows, "%d", ",", header="user,item,rating", comments="")
    options = ["recommend", "fit", tmp_path / "r.csv", "-k", 3, "--max-iter", 9]
    _run(*options, "-o", tmp_path / "whole.npz")
    _kill(*options, "-o", tmp_path / "o.npz")
    assert Recommender.load(tmp_path / "o.npz").history_[-1]["iteration"] == 3
    _run("recommend", "resume", tmp_path / "o.npz", "--max-iter", 9)
    found, expected = Recommender.load(tmp_path / "o.npz"), Recommender.load(tmp_path / "whole.npz")
    assert found.history_[-1]["iteration"] == expected.history_[-1]["iteration"] == 9
    np.testing.assert_array_equal(found.user_factors_, expected.user_factors_)
    np.testing.assert_array_equal(found.item_factors_, expected.item_factors_)
    np.testing.assert_array_equal(found.user_offsets_, expected.user_offsets_)


def test_a_killed_sweep_ends_with_the_same_table(tmp_path):
    options = ["chip", "sweep", "--set", "sigma=0.01,0.02", "--chips", 4, "--rows", 8, "--columns", 3, "--rhs", 4]
    _run(*options, "-o", tmp_path / "whole.parquet")
    _kill(*options, "-o", tmp_path / "o.parquet")
    assert pq.read_table(tmp_path / "o.parquet").num_rows == 3
    _run(*options, "-o", tmp_path / "o.parquet")
    assert pq.read_table(tmp_path / "o.parquet").equals(pq.read_table(tmp_path / "whole.parquet"))


_KINDS = {
    "compressed": ({"algorithm": "compressed"}, lambda X: X),
    "extrapolated": ({"algorithm": "extrapolated"}, lambda X: X),
    "hals": ({"algorithm": "hals"}, lambda X: X),
    "sparse": ({}, lambda X: sp.csr_array(X * (X > 0.7))),
    "sampled": ({"algorithm": "sampled", "missing": "unstored"}, lambda X: sp.csr_array(X * (X > 0.3))),
    "kullback-leibler": ({"loss": "kullback-leibler"}, lambda X: X),
    "float32": ({"l1_H": 0.01, "l2_W": 0.01}, lambda X: X.astype(np.float32)),
}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("after", [1, 4, 11])
def test_every_loop_goes_on_from_its_state(kind, after):
    settings, made = _KINDS[kind]
    X = made(np.random.default_rng(1).random((120, 80)))
    whole = NMF(4, random_state=0, max_iter=300, tol=1e-5, **settings).fit(X)
    part = NMF(4, random_state=0, max_iter=after, tol=0, **settings).fit(X)
    rest = NMF(4, random_state=0, max_iter=300 - after, tol=1e-5, **settings).resume(X, part.loop_state_)
    assert after < whole.n_iter_ == after + rest.n_iter_
    np.testing.assert_array_equal(rest.W_, whole.W_)
    np.testing.assert_array_equal(rest.components_, whole.components_)


_CHIPS = {
    "analog": lambda: Analog("pku-2025-4bit", seed=3),
    "readback": lambda: Analog("pku-2025-4bit", seed=3, readback=True),
    "offset": lambda: Analog(preset("pku-2025").with_(offset=1e-4, conversion_noise=0.001, age=60.0), seed=3),
    "hybrid": lambda: Hybrid("pku-2025-4bit", passes=3, seed=3),
}


@pytest.mark.parametrize("chip", _CHIPS)
@pytest.mark.parametrize("after", [1, 4, 8])
def test_a_loop_on_a_chip_goes_on_with_the_errors_that_were_to_come(chip, after):
    X = np.random.default_rng(1).random((12, 9))
    whole = NMF(3, engine=_CHIPS[chip](), random_state=0, max_iter=10, tol=0).fit(X)
    part = NMF(3, engine=_CHIPS[chip](), random_state=0, max_iter=10, tol=0, callback=lambda r: r["iteration"] == after)
    state = part.fit(X).loop_state_
    rest = NMF(3, engine=_CHIPS[chip](), random_state=0, max_iter=10 - after, tol=0).resume(X, state)
    assert [r["engine"] for r in part.history_ + rest.history_] == [r["engine"] for r in whole.history_]
    np.testing.assert_array_equal(rest.W_, whole.W_)
    np.testing.assert_array_equal(rest.components_, whole.components_)


@pytest.mark.parametrize("engine", ["analog", "hybrid"])
def test_a_killed_factorization_on_a_chip_ends_with_the_same_factors(tmp_path, engine):
    np.save(tmp_path / "x.npy", np.random.default_rng(1).random((12, 9)))
    options = ["factor", tmp_path / "x.npy", "-k", 3, "--engine", engine, "--max-iter", 8, "--tol", 0]
    _run(*options, "-o", tmp_path / "whole")
    _kill(*options, "-o", tmp_path / "o")
    _run(*options, "-o", tmp_path / "o", "--resume")
    (W, H, about), (W2, H2, about2) = read_factors(tmp_path / "o"), read_factors(tmp_path / "whole")
    np.testing.assert_array_equal(W, W2)
    np.testing.assert_array_equal(H, H2)
    assert about == about2


def test_a_state_is_one_of_a_fit():
    with pytest.raises(TypeError, match="state must be the loop_state_ of a fit"):
        NMF(2).resume(np.ones((3, 2)), None)


def test_a_state_of_a_chip_that_is_none_is_told(tmp_path, matrix, capsys):
    options = ["factor", matrix, "-k", 2, "--engine", "analog", "--max-iter", 8, "-o", tmp_path / "o"]
    _kill(*options)
    (W, H, about), state = read_factors(tmp_path / "o"), read_state(tmp_path / "o")
    for wrong in ([], {"writes": -1}, {"writes": 2, "cells": {"bit_generator": "PCG64"}, "converters": {}}):
        loop = json.dumps(json.loads(about["loop"]) | {"random_state": wrong})
        write_factors(tmp_path / "o", W, H, about | {"loop": loop}, state=state)
        capsys.readouterr()
        assert main([*map(str, options), "--resume"]) == 1
        assert "o: cannot be read" in capsys.readouterr().err


def test_a_state_that_does_not_fit_is_told(tmp_path, matrix, capsys):
    options = ["factor", matrix, "-k", 3, "--max-iter", 40, "-o", tmp_path / "o"]
    _kill(*options)
    capsys.readouterr()
    W, H, about = read_factors(tmp_path / "o")
    for loop in ("{", "[]", '{"error": 1}', about["loop"].replace('"stride": 0', '"stride": NaN, "x": 0')):
        write_factors(tmp_path / "o", W, H, about | {"loop": loop}, state=read_state(tmp_path / "o"))
        assert main([*map(str, options), "--resume"]) == 1
        told = capsys.readouterr().err
        assert told.splitlines()[-1].startswith(f"mho: error: {tmp_path / 'o'}: ")


def test_a_full_disk_at_a_checkpoint_ends_no_work(monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device", "o")

    monkeypatch.setattr(periodic, "SAVE_SECONDS", -1.0)
    periodic.Periodic(full)()
    assert capsys.readouterr().err.startswith("mho: warning: what has been done could not be kept: ")


def test_checkpoints_are_a_minute_apart(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr(periodic.time, "monotonic", lambda: now[0])
    keep = periodic.Periodic(lambda: calls.append(now[0]))
    for second in range(0, 200, 10):
        now[0] = float(second)
        keep()
    assert calls == [60.0, 120.0, 180.0]


def test_a_damaged_checkpoint_is_refused(tmp_path, matrix):
    _kill("factor", matrix, "-k", 3, "--max-iter", 40, "-o", tmp_path / "o")
    damaged = bytearray((tmp_path / "o").read_bytes())
    damaged[-100] ^= 1
    (tmp_path / "o").write_bytes(damaged)
    with pytest.raises(DataError, match="checksum"):
        read_factors(tmp_path / "o")


def test_a_name_that_is_no_text_is_written_beside_the_factors(tmp_path, matrix):
    source = tmp_path / os.fsdecode(b"x\xff.npy")
    matrix.rename(source)
    _run("factor", source, "-k", 2, "--max-iter", 2, "-o", tmp_path / os.fsdecode(b"o\xff"))
    assert read_factors(tmp_path / os.fsdecode(b"o\xff"))[2]["input"] == "x\\xff.npy"
    _run("factor", source, "-k", 2, "--max-iter", 3, "-o", tmp_path / os.fsdecode(b"o\xff"), "--resume")
