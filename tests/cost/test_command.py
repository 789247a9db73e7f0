import json

import numpy as np
import pytest
import scipy.sparse as sp

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
        (["8x8", "--k", "0"], "--k must be at least 1"),
        (["8x8", "--iterations", "0"], "--iterations must be at least 1"),
        (["8x8", "--technology", "7nm"], "7nm"),
    ],
)
def test_a_wrong_question(capsys, arguments, message):
    assert main(["cost", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_picture(capsys, tmp_path):
    path = tmp_path / "cost.svg"
    assert main(["cost", "48x32", "--k", "4", "--plot", str(path)]) == 0
    picture = path.read_text()
    assert all(text in picture for text in ("write pulse, s", "solvers", "bits of the converters", "H100"))
    assert main(["cost", "48x32", "--plot", str(tmp_path / "nowhere" / "cost.svg")]) == 2
    assert "its folder is not there" in capsys.readouterr().err


def test_break_even_is_printed(capsys, answer):
    even = {one["baseline"]: one for one in answer("movielens-100k")["break_even"]}
    assert main(["cost", "movielens-100k"]) == 0
    lines = capsys.readouterr().out.split("break-even, typical values")[1].splitlines()
    (h100,) = (line.split()[1:] for line in lines if line.startswith("H100"))
    assert h100[:3] == ["none", "none", f"{even['H100']['unwritten_as_fast']:,}"]
    assert h100[3:] == [f"{even['H100']['pulse_as_frugal']:.3g}", "s", f"{even['H100']['solvers_as_frugal']:,}"]
