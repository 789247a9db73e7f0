"""Writers that are killed anywhere, and disks that are full anywhere: the old file or the new one, never half of one.

MHO_KILLS and MHO_FULL_DISKS are how many of each writer; `make test-faults` takes more.
"""

import os
import resource
import signal
import sys
from itertools import count

import numpy as np
import pytest

from mho import Recommender
from mho.chip import preset
from mho.data import read_factors, write_factors
from mho.data.sealed_json import read_facts, write_facts
from mho.data.sealed_npy import array_stream, read_array, write_array
from mho.sweep import Sweep, read_trials, trials, write_trials

_KILLS = int(os.environ.get("MHO_KILLS", "12"))
_FULL_DISKS = int(os.environ.get("MHO_FULL_DISKS", "12"))


def _factors(value):
    W, H = np.full((300, 3), value), np.full((3, 20), value)
    return lambda path: write_factors(path, W, H, {"value": str(value)}), lambda path: float(
        read_factors(path)[2]["value"]
    )


def _recommender(value):
    model = Recommender(2, max_iter=1).fit(np.arange(60) % 7, np.arange(60) % 11, np.full(60, value))
    return model.save, lambda path: float(Recommender.load(path).known_.data[0])


def _facts(value):
    form = "mho test 2"
    return (
        lambda path: write_facts(path, form, {"value": value, "much": ["x"] * 900}),
        lambda path: read_facts(path, form, None)[0]["value"],
    )


def _array(value):
    return lambda path: write_array(path, np.full(2000, value)), lambda path: float(read_array(path)[0])


def _streamed(value):
    def write(path):
        with array_stream(path, (2000,), np.dtype(float)) as stream:
            for _ in range(20):
                stream.write(np.full(100, value).tobytes())

    return write, lambda path: float(read_array(path)[-1])


def _sweep(value):
    plan = Sweep(design=preset("pku-2025"), values={"sigma": (value / 100,)}, chips=2, rows=8, columns=3, rhs=4)
    rows = list(trials(plan))

    def read(path):
        try:
            return value if read_trials(path, plan) == rows else None
        except ValueError:  # of the other plan, which it says
            return 3.0 - value

    return lambda path: write_trials(path, plan, rows), read


_FORKED = [_factors, _recommender, _facts, _array, _streamed]
"""pyarrow has threads, which a fork does not: the writer of a sweep is killed in `tests/cli/test_checkpoints.py`."""


def _events(write, path, last=sys.maxsize):
    """Write, but be killed at the call number `last`; return the number of calls."""
    number = count()

    def follow(frame, event, argument):
        if next(number) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(follow)
    try:
        write(path)
    finally:
        sys.setprofile(None)
    return next(number)


def _killed(write, path, last):
    child = os.fork()
    if child == 0:
        try:
            _events(write, path, last)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("kind", _FORKED, ids=lambda kind: kind.__name__[1:])
def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path, kind):
    path = tmp_path / "o"
    (write_old, read), (write_new, _) = kind(1.0), kind(2.0)
    write_old(path)
    events, found = _events(write_new, tmp_path / "other"), []
    (tmp_path / "other").unlink()
    for last in np.linspace(0, events - 1, _KILLS).astype(int):
        write_old(path)
        killed = _killed(write_new, path, last)
        found.append(read(path))
        assert killed
        assert found[-1] in (1.0, 2.0)
    assert (found[0], found[-1]) == (1.0, 2.0)
    write_old(path)
    assert [left.name for left in tmp_path.iterdir()] == ["o"]


@pytest.mark.parametrize("kind", [*_FORKED, _sweep], ids=lambda kind: kind.__name__[1:])
def test_a_disk_that_is_full_anywhere_leaves_the_old_file(tmp_path, kind):
    path = tmp_path / "o"
    (write_old, read), (write_new, _) = kind(1.0), kind(2.0)
    write_new(path)
    size = path.stat().st_size
    write_old(path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in np.linspace(0, size - 1, _FULL_DISKS).astype(int):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), before[1]))
        try:
            with pytest.raises(OSError) as caught:  # noqa: PT011
                write_new(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert str(caught.value.filename) == str(path), repr(caught.value)
        assert read(path) == 1.0
        assert [left.name for left in tmp_path.iterdir()] == ["o"]
