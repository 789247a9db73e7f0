"""Benchmarks still run: each one with ``--smoke``, its smallest case, which writes nothing."""

import importlib
import re
import runpy
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
PARTS = {
    "gate_worker.py",
    "image/peer_cleanup.py",
    "nmf/data.py",
    "nmf/worker.py",
    "provenance.py",
    "select/peer_cells.py",
}
"""Run by others in processes of their own."""

APART = {
    "lab/page.py",
    "lab/pictures.py",
    "recommend/phone.py",
}
"""Need a process of their own: Chromium, whose driver is one for a process."""

NEEDS = {
    "gpu/run.py": "torch",
    "lab/page.py": "playwright",
    "lab/pictures.py": "playwright",
    "recommend/phone.py": "playwright",
}


def scripts():
    for path in sorted(BENCHMARKS.rglob("*.py")):
        name = path.relative_to(BENCHMARKS).as_posix()
        if ".venv" not in name and "__main__" in path.read_text("utf-8") and name not in PARTS:
            yield name


def results():
    """Times at which whatever a benchmark may write was written."""
    folders = ("benchmarks", "docs/do", "docs/figures", "docs/learn", "docs/measured", "src")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    kinds = {".json", ".jsonl", ".md", ".svg", ".toml", ".npz"}
    return {path: path.stat().st_mtime_ns for path in files if path.suffix in kinds}


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run a script as the command line would, in this process."""

    def run(path):
        monkeypatch.setattr(sys, "argv", [str(path), "--smoke"])
        monkeypatch.setattr(sys, "path", [str(path.parent), *sys.path])
        monkeypatch.chdir(tmp_path)
        before = set(sys.modules)
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as ended:
            if ended.code:
                raise
        finally:
            for name in set(sys.modules) - before:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
                    del sys.modules[name]

    return run


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", list(scripts()))
def test_the_smallest_case_runs(name, command, capsys):
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"no {NEEDS[name]} here")
    if name in ("chip/statics.py", "chip/equilibrium.py", "chip/transient.py") and not shutil.which("ngspice"):
        pytest.skip("no ngspice here")
    before = results()
    if name in APART:
        subprocess.run([sys.executable, BENCHMARKS / name, "--smoke"], check=True, timeout=120)
    else:
        command(BENCHMARKS / name)
        assert capsys.readouterr().out or name.endswith("report.py")
    assert results() == before


def test_every_benchmark_shares_what_all_need():
    """Class of machine, date and commit have one home."""
    for name in scripts():
        text = (BENCHMARKS / name).read_text("utf-8")
        assert re.search("from (measure|kept|pictures) import", text), name
        assert "rev-parse" not in text, name
        assert "platform.machine()" not in text, name


@pytest.fixture
def provenance(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("provenance")


def test_no_result_is_older_than_its_code(provenance):
    """`make docs-check` says the same; `scripts/check_results.py --same` after a change that changes no figure."""
    assert provenance.outdated() == []


def test_every_result_that_is_kept_is_recorded(provenance):
    kept = [*(ROOT / "docs/measured").glob("*.json*"), *BENCHMARKS.glob("*/*.jsonl"), ROOT / "src/mho/cost/uses.json"]
    names = {path.relative_to(ROOT).as_posix() for path in kept}
    assert names - {"docs/measured/claims.json"} <= set(provenance.record())  # claims have a digest of their own


def test_a_digest_is_of_what_makes_figures(provenance, tmp_path):
    (tmp_path / "helper.py").write_text("SIZE = 3\n")
    script = tmp_path / "run.py"

    def digest(text):
        script.write_text(text)
        return provenance.digest(script)

    plain = digest("from helper import SIZE\ndef f(x):\n    return x + SIZE\n")
    told = digest(
        '"""A page."""\nfrom helper import SIZE\ndef f(x: int) -> int:\n    "Doc."  # why\n    return (x + SIZE)\n'
    )
    assert plain == told
    assert digest("from helper import SIZE\ndef f(x):\n    return x - SIZE\n") != plain
    (tmp_path / "helper.py").write_text("SIZE = 4\n")
    assert digest("from helper import SIZE\ndef f(x):\n    return x + SIZE\n") != plain
