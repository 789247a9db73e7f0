import json
import re

import numpy as np
import pytest
import scipy.sparse as sp
from PIL import Image

from mho.cli import main


@pytest.fixture
def answer(capsys):
    """Run `mho cost ... --json`."""

    def run(*arguments):
        assert main(["cost", *map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_parts_of_the_json_add_up(answer):
    bill = answer("movielens-100k", "--solvers", 4)
    for quantity in ("seconds", "joules"):
        parts = sum(np.array(part[quantity]) for part in bill["parts"].values())
        assert parts == pytest.approx(np.array(bill["chip"][quantity]))
    assert {"H100", "FPGA Zynq-7020", "this CPU"} < set(bill["platforms"])
    assert any(v["baseline"] == "H100" for v in bill["verdicts"])


def test_an_image_by_its_size(answer):
    bill = answer("48x32", "--k", 4, "--iterations", 3)
    assert bill["ledger"]["solves"] == 3 * (48 + 32)
    assert bill["ledger"]["adc_conversions"] == 3 * (48 + 32) * 4
    assert bill["ledger"]["word_lines"] == 0
    assert bill["verdicts"] == []


def test_iterations_multiply_both_sides(answer):
    once, thrice = answer("48x32", "--k", 4), answer("48x32", "--k", 4, "--iterations", 3)
    for side, name in (("chip", "joules"), ("chip", "seconds")):
        assert thrice[side][name] == pytest.approx([3 * value for value in once[side][name]])
    assert thrice["platforms"]["H100"]["seconds"] == pytest.approx(
        [3 * value for value in once["platforms"]["H100"]["seconds"]]
    )


@pytest.mark.parametrize("kind", ["sparse", "nan"])
def test_a_file(answer, tmp_path, kind):
    X = np.zeros((30, 20))
    X[::2, ::3] = 1.0
    if kind == "sparse":
        path = tmp_path / "x.npz"
        sp.save_npz(path, sp.csr_array(X))
    else:
        path = tmp_path / "x.npy"
        np.save(path, np.where(X > 0, X, np.nan))
    assert answer(path, "--k", 3)["workload"] == {"m": 30, "n": 20, "known": 15 * 7, "k": 3, "missing": True}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "WORKLOAD must be one of 'movielens-100k'"),
        (["0x3"], "m must be at least 1"),
        (["8x8", "--k", "0"], "-k must be at least 1"),
        (["8x8", "--iterations", "0"], "--iterations must be at least 1"),
        (["8x8", "--technology", "7nm"], "7nm"),
        (["512x512", "--k", "9999999"], "-k must be at least 1 and at most 128 (columns of one array: "),
        (["512x512", "--k", "129"], "got 129"),
        (["512x512", "--k", "200", "--array", "128x199"], "-k must be at least 1 and at most 199"),
        (["512x512", "--array", "128"], "--array must be ROWSxCOLUMNS as 128x128, got '128'"),
        (["512x512", "--array", "128x9999"], "--array COLUMNS must be at least 1 and at most 1024, got 9999"),
        (["256x256", "--solvers", "1000000"], "--solvers must be at least 1 and at most 256 (the right-hand sides"),
        (["512x512", "--write-ports", "3"], "3"),
        (["9" * 200 + "x8"], "WORKLOAD must be one of"),
    ],
)
def test_a_wrong_question(capsys, arguments, message):
    assert main(["cost", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["svg", "PNG"])
def test_a_picture_is_what_its_name_says(tmp_path, suffix):
    path = tmp_path / f"cost.{suffix}"
    assert main(["cost", "48x32", "--k", "4", "--plot", str(path)]) == 0
    if suffix.lower() == "png":
        with Image.open(path) as picture:
            assert picture.format == "PNG"
        return
    text = path.read_text()
    assert text.startswith("<?xml")
    assert all(word in text for word in ("write pulse, s", "solvers", "rows written at once", "bits of the converters"))


@pytest.mark.parametrize(
    ("plot", "message"),
    [
        ("cost.pdf", "--plot must end in .svg or .png, got "),
        ("cost", "--plot must end in .svg or .png, got "),
        ("nowhere/cost.svg", "its folder is not there"),
    ],
)
def test_a_picture_that_is_not_drawn(capsys, tmp_path, plot, message):
    assert main(["cost", "48x32", "--plot", str(tmp_path / plot)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("workload", ["netflix", "movielens-100k", "yahoo-music", "512x512"])
def test_what_is_printed_is_readable(capsys, workload):
    """A sentence first, lines of 100 columns, prefixes, no marks of a sheet that no reader has."""
    for arguments in (["cost", workload, "--solvers", "30"], ["cost", "explain", workload]):
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 100
        assert not re.search(r"\[\d(\.\d)?\]", text)
    assert main(["cost", workload]) == 0
    text = capsys.readouterr().out
    assert not re.search(r"\de[-+]?\d+ ", text)
    first = " ".join(text.split("\n\n")[0].split())
    published = workload in ("netflix", "movielens-100k")
    assert first.startswith(f"{workload}: {'the published' if published else 'one solver takes'} ")
    assert first.count(". ") == 0
    assert first.endswith(".")


def test_the_verdict_is_that_of_the_tables(capsys, answer):
    found = answer("netflix")["verdicts"]
    holding = {v["baseline"]: v["solvers"] for v in found if v["case"] == "all counted" and v["holds"]}
    assert {v["end"] for v in found} == {"kindest", "typical", "unkindest"}
    assert holding["V100"] == 83
    assert main(["cost", "netflix"]) == 0
    first, *_ = capsys.readouterr().out.split("\n\n")
    assert f"V100 (83 solvers), P100 ({holding['P100']} solvers)" in " ".join(first.split())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["512x512", "--layout", "triplets"], "--layout triplets"),
        (["netflix", "--array", "128x200"], "--array 128x200"),
        (["explain", "512x512", "H100", "--solvers", "3", "--write", "serial"], "--solvers 3"),
        (["explain", "512x512", "ADC", "--write-ports", "tile"], "--write-ports tile"),
        (["explain", "512x512", "cells", "--iterations", "9"], "--iterations 9"),
    ],
)
def test_an_option_that_changes_nothing_is_told_once(capsys, arguments, named):
    assert main(["cost", *arguments]) == 0
    assert capsys.readouterr().err.count(f"mho: {named} changes nothing here") == 1


def test_an_option_that_changes_something_or_is_what_it_would_be_is_not_told(capsys):
    assert main(["cost", "512x512", "--topology", "classic", "-k", "10", "--array", "128x128"]) == 0
    assert "changes nothing" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [["--solvers", "3"], ["--write", "serial"], ["--write-ports", "solver"], ["--array", "64x128"], ["--k", "9"]],
)
def test_an_option_that_changes_something_is_not(capsys, options):
    assert main(["cost", "512x512", *options]) == 0
    assert capsys.readouterr().err == ""


def test_this_computer_is_measured_once(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shown = []
    for options in ([], [], ["--measure"]):
        assert main(["cost", "48x32", "--k", "4", "--json", *options]) == 0
        shown.append(json.loads(capsys.readouterr().out)["platforms"]["this CPU"])
    assert shown[0] == shown[1] != shown[2]
    assert main(["cost", "48x32", "--k", "4"]) == 0
    assert re.search(r"this CPU: measured \d{4}-\d\d-\d\d \d\d:\d\d UTC on 48 x 32", capsys.readouterr().out)
    (kept,) = tmp_path.rglob("*.json")
    for damage in ("", "{", "[]", '{"a": 1}', kept.read_text().replace('"flops"', '"flop"'), "[" * 10_000):
        kept.write_text(damage)
        assert main(["cost", "48x32", "--k", "4"]) == 0
    assert "this CPU: measured" in capsys.readouterr().out
    assert json.loads(kept.read_text())


def test_a_cache_that_cannot_be_written(capsys, monkeypatch, tmp_path):
    (tmp_path / "mho").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["cost", "48x32", "--k", "4"]) == 0
    assert "this CPU: measured" in capsys.readouterr().out


def test_break_even_is_printed(capsys, answer):
    even = {one["baseline"]: one for one in answer("movielens-100k")["break_even"]}
    assert main(["cost", "movielens-100k"]) == 0
    lines = capsys.readouterr().out.split("\nbreak-even ")[1].split("\n\n")[0].splitlines()
    (zynq,) = (line.split() for line in lines if line.startswith("FPGA Zynq-7020"))
    one = even["FPGA Zynq-7020"]
    assert zynq[2:4] == [f"{1e9 * one['pulse_as_fast']:.3g}", "ns"]
    counts = [one[name] for name in ("solvers_as_fast", "unwritten_as_fast", "solvers_as_frugal")]
    assert [*zynq[-5:-3], zynq[-1]] == ["none" if count is None else f"{count:,}" for count in counts]
