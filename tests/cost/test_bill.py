import pytest

from mho.cli import main
from mho.cost import PLATFORMS, Interval, Workload, bill, estimate, sweep_ledger

WORKLOAD = Workload(m=48, n=32, k=4)


def approx(value: Interval):
    return pytest.approx((value.low, value.typical, value.high))


def test_every_number_is_the_sum_it_shows():
    chip = estimate(sweep_ledger(WORKLOAD), solvers=3)
    costs = {name: platform.cost(WORKLOAD.work()) for name, platform in PLATFORMS.items()}
    values = {(line.name, line.quantity): line.sum.value for line in bill(chip, costs)}
    expected = {
        ("without writing", "time"): chip.solve_seconds,
        ("without writing", "energy"): chip.solve_joules,
        ("without writing", "power"): chip.solve_watts,
        ("with writing", "time"): chip.seconds,
        ("with writing", "energy"): chip.joules,
        ("with writing", "power"): chip.watts,
        ("area", "area"): chip.square_metres,
        ("write pulses", "time"): next(p.seconds for p in chip.parts if p.name == "write pulses"),
        **{(name, "time"): cost.seconds for name, cost in costs.items()},
        **{(name, "energy"): cost.joules for name, cost in costs.items()},
    }
    for key, value in expected.items():
        assert (values[key].low, values[key].typical, values[key].high) == approx(value), key


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("H100", ("time = seconds at peak x 1 / share of peak + steps x start_seconds", "H100 data sheet", "700")),
        ("this CPU", ("energy = operations x 1 / rate x watts", " on 48 x 32")),
        ("with writing", ("time = write pulses + verify reads + DAC + arrays + ADC", "power = energy x 1 / time")),
        ("area", ("area = area of cells + area of DAC + area of op-amps + area of ADC + area of write drivers", "m²")),
    ],
)
def test_explain(capsys, part, shown):
    assert main(["cost", "explain", "48x32", part, "--k", "4"]) == 0
    text = capsys.readouterr().out
    assert all(words in text for words in shown)
    assert all(line.startswith((part, "  ")) and len(line) <= 100 for line in text.splitlines() if line)


def test_explain_what_is_not_there(capsys):
    assert main(["cost", "explain", "48x32", "everything"]) == 2
    assert "PART must be one of 'write pulses'" in capsys.readouterr().err
