"""The program as a whole: what it loads, what it says about itself, and how it shows progress."""

import os
import pty
import subprocess
import sys

import pytest

import mho as library
from mho.cli import main as run

HEAVY = ("sklearn", "scipy", "matplotlib", "pandas", "pyarrow", "PIL", "numpy", "rich", "safetensors")


def test_loading_the_commands_loads_nothing_heavy():
    code = f"import sys, mho.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [("--help",), ("factor", "--help"), ("chip", "sweep", "--help"), ("--version",), ()]
)
def test_help_loads_no_numerical_library(arguments):
    code = (
        "import sys, mho.cli; mho.cli.main(sys.argv[1:]);"
        f"print([name for name in {HEAVY} if name != 'rich' and name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_names_every_command(program):
    text = program("--help").stdout
    assert all(command in text for command in ("factor", "demo", "info"))


def test_help_of_factor_has_options_and_examples(program):
    text = program("factor", "--help", env=os.environ | {"COLUMNS": "120"}).stdout
    for part in (
        "--engine",
        "--missing",
        "--resume",
        "--no-overwrite",
        "mho factor ratings.csv -k 10 --layout triplets",
    ):
        assert part in text
    assert "\x1b" not in text


def test_version(program):
    done = program("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mho {library.__version__}\n", "")


def test_info(mho):
    code, printed, said = mho("info")
    assert (code, said) == (0, "")
    rows = dict(line.split("  ", 1) for line in printed.splitlines())
    assert rows["mho"].strip() == library.__version__
    for name in ("python", "numpy", "scipy", "scikit-learn", "kernels", "blas", "ngspice", "mho[image]", "mho[lab]"):
        assert rows[name].strip()
    assert "mho[dev]" not in rows


def test_info_says_how_to_get_what_is_missing(mho, monkeypatch):
    from importlib import metadata

    version = metadata.version

    def without_pandas(name):
        if name == "pandas":
            raise metadata.PackageNotFoundError
        return version(name)

    monkeypatch.setattr(metadata, "version", without_pandas)
    monkeypatch.setenv("PATH", "")
    printed = mho("info")[1]
    assert "without pandas; pip install 'mho[recommend]'" in printed
    assert "not found" in printed


def test_a_reader_that_leaves_is_no_error(executable):
    done = subprocess.run(f"'{executable}' info | true", shell=True, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_terminal_gets_a_bar_and_a_clean_result(executable, source, out):
    leader, follower = pty.openpty()
    command = [executable, "factor", source, "-k", "3", "-o", out, "--tol", "0", "--max-iter", "3000"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "250"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, text=True, env=environment) as process:
        os.close(follower)
        shown = b"".join(iter(lambda: _read(leader), b"")).decode()
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(leader)
    assert process.returncode == 0
    assert all(part in shown for part in ("iterations/s", "error", "3000/3000"))
    assert "\x1b" not in printed
    assert "relative error" in printed


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other side has closed
        return b""


def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys):
    from mho.cli import progress as module

    monkeypatch.setattr(module, "_LINE_SECONDS", 0.0)
    with module.progress(quiet=False) as shown:
        shown.stage("factorizing x")
        shown.iteration(3, 10, "error 0.25")
    assert capsys.readouterr().err == "factorizing x\niteration 3 of 10, error 0.25\n"


def test_demo_hands_over_its_options(mho, tmp_path, monkeypatch):
    from mho import demo

    given = {}

    def run(out, *, seed, progress):
        given.update(out=out, seed=seed)
        progress("photo, digital", 1, 2, "error 5 %")
        progress("photo, chip", 1, 2, "error 6 %")
        return out / "index.html", None

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(demo, "summary", lambda results: "figures")
    code, printed, said = mho("demo", "-o", tmp_path / "page", "--seed", 3)
    assert (code, printed) == (0, f"figures\n\nThe pictures and curves: {tmp_path / 'page' / 'index.html'}\n")
    assert given == {"out": tmp_path / "page", "seed": 3}
    assert said == "photo, digital\nphoto, chip\n"


def test_too_many_arguments_are_not_all_repeated(capsys):
    assert run(["factor", *(f"text-{n}.txt" for n in range(400)), "-o", "x.safetensors", "-k", "2"]) == 2
    said = capsys.readouterr().err
    assert "text-1.txt" in said
    assert len(said) < 400
