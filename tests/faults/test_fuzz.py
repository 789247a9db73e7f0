"""Some damaged files of every kind; `make test-fuzz` reads 200,000."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from fuzz import Reader, fault  # noqa: E402

_COUNT = 4000
"""One in fifty of those that `make test-fuzz` reads; as many of each kind."""


def test_damaged_files_are_read_or_are_one_error():
    command = [sys.executable, HERE / "fuzz.py", str(_COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | {"FUZZ_JOBS": "1"})
    assert done.stdout == f"read {_COUNT} wrong 0\n", done.stderr


def test_a_reader_that_dies_is_seen_and_begun_anew():
    reader = Reader()
    assert [(one["number"], one["wrong"]) for one in reader.read("none-such", 3, 2)] == [
        (3, "exit code 1"),
        (4, "exit code 1"),
    ]
    assert reader.read("titles", 0, 2) == []
    reader.close()


@pytest.mark.parametrize(
    ("raised", "found"),
    [
        (KeyError("x"), "KeyError"),
        (ValueError("no name"), "unnamed ValueError"),
        (ValueError("o.npz " + "x" * 300), "long"),
        (MemoryError(), "MemoryError"),
        (ValueError("o.npz: is damaged"), ""),
    ],
)
def test_a_fault_is_seen(raised, found):
    def read(path):
        raise raised

    assert fault(read, Path("o.npz"), True).startswith(found)
    assert bool(fault(read, Path("o.npz"), True)) == bool(found)


@pytest.mark.parametrize(("name", "mark"), [("t.csv", ","), ("t.tsv", "\t")])
def test_a_carriage_return_in_a_row_is_no_traceback(tmp_path, name, mark):
    from mho.data import read_interactions

    rows = [
        mark.join(row) for row in (("user", "item", "rating"), ("a", "x\ry", "1"), ("b", "z", "2"), ("c", "z", "3"))
    ]
    (tmp_path / name).write_bytes("\n".join(rows).encode())
    assert len(read_interactions(tmp_path / name)) in (2, 3)


def test_a_shape_that_is_long_is_not_quoted(tmp_path):
    import numpy as np

    from mho.data import DataError, read_matrix

    parts = {"data": np.ones(1), "indices": [0], "indptr": [0, 1], "shape": np.arange(200), "format": b"csr"}
    np.savez(tmp_path / "x.npz", **parts)
    with pytest.raises(DataError, match=r"x\.npz: must be a matrix .* array of shape \(200,\)") as refused:
        read_matrix(tmp_path / "x.npz")
    assert len(str(refused.value).replace(str(tmp_path), "")) < 300


def test_names_of_columns_that_are_long_are_not_quoted(tmp_path):
    from mho.data import DataError, read_interactions

    names = ",".join("\x01" * 90 + str(n) for n in range(8))
    (tmp_path / "x.csv").write_text(f"{names}\n" + 3 * "1,2,3,4,5,6,7,8\n")
    with pytest.raises(DataError, match=r"x\.csv: .*columns") as refused:
        read_interactions(tmp_path / "x.csv")
    assert len(str(refused.value).replace(str(tmp_path), "")) < 300
