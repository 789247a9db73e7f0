"""`mho chip topologies` shows four circuits, and refuses what is no problem."""

import json

import numpy as np
import pytest

from mho.chip import TOPOLOGIES, Chip
from mho.cost import estimate


def test_each_circuit_has_a_line_and_its_facts(mho):
    code, printed, said = mho("chip", "topologies", "--rows", 16, "--columns", 4)
    assert (code, said) == (0, "")
    table, bill, *facts = printed.split("\n\n")[1:]
    assert [line.split()[0] for line in bill.splitlines()[1:]] == list(TOPOLOGIES)
    header, *lines = table.splitlines()
    assert header.split()[0] == "topology"
    assert [line.split()[0] for line in lines] == list(TOPOLOGIES)
    assert [line.split()[1] for line in lines] == ["4", "20", "4", "16"]
    assert [fact.splitlines()[0] for fact in facts] == list(TOPOLOGIES)
    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rows", 3], "--rows must be at least 8, got 3"),
        (["--columns", 0], "--columns must be at least 1"),
        (["--kelvin", -1], "kelvin must be finite and at least 0"),
        (["--amplifier-noise", -1], "amplifier must be finite and at least 0"),
        (["--preset", "best"], "there is no chip preset 'best'"),
    ],
)
def test_a_mistake_is_one_line(mho, arguments, says):
    code, printed, said = mho("chip", "topologies", *arguments)
    assert (code, printed) == (2, "")
    assert says in said


def test_a_matrix_of_one_s_own_and_what_the_chip_s_ledger_says_of_it(mho, tmp_path):
    A = np.random.default_rng(1).random((12, 3))
    np.save(tmp_path / "a.npy", A)
    code, printed, said = mho("chip", "topologies", "--matrix", tmp_path / "a.npy", "--json")
    assert (code, said) == (0, "")
    found = {one["topology"]: one for one in json.loads(printed)}
    assert found["classic"]["opamps"] == 15
    chip = Chip("pku-2025", seed=0)
    chip.program(A)
    assert found["compact"]["write_energy"] == pytest.approx(estimate(chip.ledger).joules.typical)
    assert all(one["solve_energy"] > 0 < one["solve_time"] for one in found.values())


def test_a_matrix_that_no_loop_solves_is_named(mho, tmp_path):
    np.save(tmp_path / "wide.npy", np.ones((2, 3)))
    code, printed, said = mho("chip", "topologies", "--matrix", tmp_path / "wide.npy")
    assert (code, printed) == (2, "")
    assert "wide.npy must have at least as many rows as columns, got shape (2, 3)" in said
