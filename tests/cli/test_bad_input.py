"""What a user can do wrong is one line on stderr, an exit code, and no file."""

import numpy as np
import pytest
import scipy.sparse as sp

from mho import checks
from mho.cli.errors import exit_code


@pytest.fixture
def refused(mho, tmp_path):
    """Run a command that must fail: its one line."""

    def run(code, *arguments):
        out = tmp_path / "out"
        answer, printed, said = mho(*arguments, "-o", out)
        errors = [line for line in said.splitlines() if line.startswith("mho: ")]
        assert answer == code, said
        assert (printed, len(errors), out.exists()) == ("", 1, False)
        assert "Traceback" not in said
        return errors[0].removeprefix("mho: error: ")

    return run


@pytest.mark.parametrize(
    ("entry", "message", "sparse"),
    [
        (-0.5, "contains a negative entry (-0.5)", False),
        (-0.5, "contains a negative entry (-0.5)", True),
        (np.inf, "infinite", False),
        (np.inf, "infinite", True),
        (np.nan, "contains NaN; .* --missing nan", False),
        (np.nan, "contains NaN; every entry must be a number", True),
    ],
)
def test_entries(refused, tmp_path, matrix, entry, message, sparse):
    matrix[3, 4] = entry
    path = tmp_path / ("x.npz" if sparse else "x.npy")
    sp.save_npz(path, sp.csr_array(matrix)) if sparse else np.save(path, matrix)
    line = refused(1, "factor", path, "-k", 3)
    assert all(part in line for part in (str(path), *message.split(" .* ")))


@pytest.mark.parametrize(
    "array", [np.zeros((0, 3)), np.zeros(5), np.zeros((2, 2, 2)), np.array([["a"]]), np.eye(2) * 1j]
)
def test_shapes_and_types(refused, tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    assert "x.npy" in refused(1, "factor", tmp_path / "x.npy", "-k", 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-k", 0), "-k must be at least 1, got 0"),
        (("-k", 31), "-k must be at least 1 and at most 30 (the larger side of X), got 31"),
        (("-k", 1.5), "whole number, got '1.5'"),
        (("-k", "many"), "whole number, got 'many'"),
        ((), "-k"),
        (("-k", 3, "--engine", "quantum"), "hybrid"),
        (("-k", 3, "--missing", "some"), "unstored"),
        (("-k", 3, "--missing", "unstored"), "--missing unstored is for a sparse X"),
        (("-k", 3, "--layout", "triplets"), "the name must end in one of .csv"),
        (("-k", 3, "--max-iter", 0), "--max-iter must be at least 1, got 0"),
        (("-k", 3, "--tol", -1), "--tol must be finite and at least 0, got -1"),
        (("-k", 3, "--tol", "nan"), "--tol must be finite"),
        (("-k", 3, "--l2-w", -1), "--l2-w must be finite and at least 0, got -1"),
        (("-k", 3, "--l1-h", "inf"), "--l1-h must be finite"),
        (("-k", 3, "--seed", -1), "--seed must be at least 0"),
        (("-k", 3, "--max-bytes", 0), "--max-bytes must be at least 1"),
        (("-k", 3, "--seeed", 1), "--seeed"),
        (("-k", 3, "--resume", "--no-overwrite"), "give one of them"),
    ],
)
def test_options(refused, source, options, message):
    line = refused(2, "factor", source, *options)
    assert message in line
    assert "---" not in line


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"1,2\n3,oops\n"),
        ("x.npy", b"\x93NUMPY\x01\x00\x10\x00"),
        ("x.npz", b"PK\x03\x04"),
        ("x.mtx", b"%%MatrixMarket matrix coordinate real general\n2 2 9\n1 1 1\n"),
        ("x.parquet", b"PAR1"),
        ("x.csv.gz", b"1,2\n"),
    ],
)
def test_damaged_files(refused, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert refused(1, "factor", tmp_path / name, "-k", 1).startswith(str(tmp_path / name))


def test_too_large(refused, source):
    line = refused(1, "factor", source, "-k", 3, "--max-bytes", 1000)
    assert line == f"{source}: needs 4,800 bytes of memory, more than --max-bytes = 1,000"


def test_no_such_file(refused, tmp_path):
    assert refused(1, "factor", tmp_path / "x.npy", "-k", 1) == f"{tmp_path}/x.npy: No such file or directory"


def test_a_path_is_told_as_it_is(refused, tmp_path):
    path = tmp_path / "tol" / "max_iter" / "x.npy"
    assert refused(1, "factor", path, "-k", 1).startswith(f"{path}: ")


def test_input_is_a_folder(refused, tmp_path):
    (tmp_path / "x.npy").mkdir()
    assert "Is a directory" in refused(1, "factor", tmp_path / "x.npy", "-k", 1)


@pytest.mark.parametrize(
    ("out", "message"),
    [("no/f", "not there or not writable"), (".", "is a folder or a device"), ("x.npy", "is read, and would be lost")],
)
def test_output_that_cannot_be(mho, source, out, message):
    before = source.read_bytes()
    code, _, said = mho("factor", source, "-k", 3, "-o", source.parent / out)
    assert (code, source.read_bytes()) == (2, before)
    assert message in said
    assert "reading" not in said  # found out before the work


def test_a_file_cannot_steer_the_terminal(mho, tmp_path):
    (tmp_path / "x.csv").write_text("1,2\n3,\x1b]0;title\x07\n")
    said = mho("factor", tmp_path / "x.csv", "-k", 1, "-o", tmp_path / "f")[2]
    assert "\x1b" not in said
    name = tmp_path / "\x1b[2J.csv"
    said = mho("factor", name, "-k", 1, "-o", tmp_path / "f")[2]
    assert "\x1b" not in said


def test_a_chip_that_cannot_do_it(mho, source, tmp_path, monkeypatch):
    from mho import NMF, ChipError

    def fail(*_, **__):
        raise ChipError("the loop does not settle; raise the gain")

    monkeypatch.setattr(NMF, "fit", fail)
    code, _, said = mho("factor", source, "-k", 3, "-o", tmp_path / "f", "--engine", "analog")
    assert code == 1
    assert said.splitlines()[-1] == "mho: error: the loop does not settle; raise the gain"


def test_a_fault_of_mho_itself_says_so_and_has_a_code_of_its_own(mho, source, tmp_path, monkeypatch):
    from mho import NMF

    def fail(*_, **__):
        raise AttributeError

    monkeypatch.setattr(NMF, "fit", fail)
    code, _, said = mho("factor", source, "-k", 3, "-o", tmp_path / "f")
    assert code == 70
    assert "AttributeError" in said
    assert "fault of mho" in said.splitlines()[-1]


@pytest.mark.parametrize("arguments", [("bogus",), ("factor",), ("info", "more")])
def test_usage(program, arguments):
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mho: error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chip", "yield", "--bar", "error=0.1", "--chips", 0), "--chips must be at least 1, got 0"),
        (("chip", "yield", "--bar", "error=0.1", "--seed=-1"), "--seed must be at least 0, got -1"),
        (("camera", "learn", "x.mp4", "-o", "x.cam", "--fps", 0), "--fps must be finite and above 0, got 0.0"),
        (
            ("monitor", "learn", "x.csv", "-o", "x.mon", "--channel", "a"),
            "--channel must be NAME:waveform or NAME:level",
        ),
        (("factor",), "INPUT must be given (mho factor --help)"),
        (("factor", "x.npy", "-k", 2, "-o"), "-o must have a value (mho factor --help)"),
        (("factor", "x.npy", "y.npy", "-k", 2, "-o", "f"), "more is given than the command takes: y.npy"),
    ],
)
def test_an_option_is_called_as_it_was_typed(mho, arguments, message):
    code, _, said = mho(*arguments)
    assert code == 2
    assert said.splitlines()[-1].startswith(f"mho: error: {message}")


def test_what_was_not_typed_keeps_its_name(capsys):
    assert exit_code(lambda: checks.positive_int(0, "chips"), typed=("--chips-made", "chips", "-chips")) == 2
    assert capsys.readouterr().err == "mho: error: chips must be at least 1, got 0\n"


def test_a_folder_is_no_matrix(mho, tmp_path):
    code, _, said = mho("factor", tmp_path, "-k", 2, "-o", tmp_path / "f")
    assert (code, said.splitlines()[-1]) == (1, f"mho: error: {tmp_path}: Is a directory")
