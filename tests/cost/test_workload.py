import pytest

from mho.chip import preset
from mho.cost import WORKLOADS, Workload, estimate, sweep_ledger


def test_movielens_takes_the_events_of_the_reference_sheet():
    """Section 5: 2,625 solves a sweep; section 1.2: 26,250 cells in each of two copies, compensation on top."""
    ledger = sweep_ledger(WORKLOADS["movielens-100k"])
    assert ledger.solves == pytest.approx(943 + 1682)
    assert ledger.cells > 2 * 26_250
    assert ledger.adc_conversions == 26_250
    assert ledger.dac_conversions == ledger.word_lines == 2 * 100_000


def test_netflix_through_one_port_and_in_tiles():
    """13.9 s through one port, 7.2 ms with 128-row tiles that are written at the same time."""
    ledger = sweep_ledger(WORKLOADS["netflix"])
    seconds = {ports: estimate(ledger, ports=ports).write_seconds.typical for ports in ("solver", "tile", "array")}
    assert seconds["solver"] == pytest.approx(13.9, abs=0.1)
    assert seconds["tile"] == pytest.approx(7.2e-3, abs=0.05e-3)
    assert seconds["array"] == pytest.approx(seconds["tile"] / 3)
    given = estimate(ledger).write_seconds
    assert given.typical == seconds["tile"]
    assert given.low == estimate(ledger, ports="array").write_seconds.low
    assert given.high == estimate(ledger, ports="solver").write_seconds.high


def test_more_columns_than_an_array_has():
    with pytest.raises(ValueError, match=r"k must be at least 1 and at most 128 .*only rows can be tiled.*got 129"):
        sweep_ledger(Workload(m=512, n=512, k=129))
    wide = preset("pku-2025").with_(columns=129)
    assert sweep_ledger(Workload(m=140, n=140, k=129), wide).adc_conversions == 2 * 140 * 129


def test_the_command(capsys):
    from mho.cli import main

    assert main(["cost", "movielens-100k"]) == 0
    printed = capsys.readouterr().out
    assert "with writing" in printed
    assert all(name in printed for name in ("H100", "FPGA Zynq-7020", "this CPU"))
    assert "1/217 of its power" in " ".join(printed.split())
    assert main(["cost", "yahoo-music", "--solvers", "0"]) == 2
    assert "--solvers must be at least 1" in capsys.readouterr().err
    assert main(["cost", "explain", "netflix", "ADC"]) == 0
    assert "ADC, energy = adc_conversions x adc_joules" in capsys.readouterr().out
    assert main(["cost", "explain", "netflix", "DVD"]) == 2
    assert main(["cost", "nothing"]) == 2
