import pytest

from mho.cost import WORKLOADS, estimate, sweep_ledger


def test_movielens_takes_the_events_of_the_reference_sheet():
    """Section 5: 2,625 solves a sweep; section 1.2: 26,250 cells in each of two copies, compensation on top."""
    ledger = sweep_ledger(WORKLOADS["movielens-100k"])
    assert ledger.solves == pytest.approx(943 + 1682)
    assert ledger.cells > 2 * 26_250
    assert ledger.adc_conversions == 26_250
    assert ledger.dac_conversions == ledger.word_lines == 2 * 100_000


def test_netflix_writes_longer_than_it_would_take_to_win():
    chip = estimate(sweep_ledger(WORKLOADS["netflix"]), solvers=10_000)
    assert chip.write_seconds.typical > 100 * chip.solve_seconds.typical


def test_the_command(capsys):
    from mho.cli import main

    assert main(["cost", "movielens-100k"]) == 0
    printed = capsys.readouterr().out
    assert "with writing" in printed
    assert all(name in printed for name in ("H100", "FPGA Zynq-7020", "this CPU"))
    assert "1/217 of its power" in printed
    assert main(["cost", "yahoo-music", "--solvers", "0"]) == 2
    assert "--solvers must be at least 1" in capsys.readouterr().err
    assert main(["cost", "explain", "netflix", "ADC"]) == 0
    assert "ADC, energy = adc_conversions x adc_joules" in capsys.readouterr().out
    assert main(["cost", "explain", "netflix", "DVD"]) == 2
    assert main(["cost", "nothing"]) == 2
