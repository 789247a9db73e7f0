"""`mho chip topologies` shows four circuits, and refuses what is no problem."""

import pytest

from mho.chip import TOPOLOGIES


def test_each_circuit_has_a_line_and_its_facts(mho):
    code, printed, said = mho("chip", "topologies", "--rows", 16, "--columns", 4)
    assert (code, said) == (0, "")
    table, *facts = printed.split("\n\n")[1:]
    header, *lines = table.splitlines()
    assert header.split()[0] == "topology"
    assert [line.split()[0] for line in lines] == list(TOPOLOGIES)
    assert [line.split()[1] for line in lines] == ["4", "20", "4", "16"]
    assert [fact.splitlines()[0] for fact in facts] == list(TOPOLOGIES)


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
