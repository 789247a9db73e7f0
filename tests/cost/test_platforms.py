import numpy as np
import pytest

from mho import Digital
from mho.cost import PLATFORMS, Interval, Rapl, Roofline, Sustained, Workload, calibrate
from mho.cost.work import Work


def test_a_roofline_by_hand():
    """1 Gflop and 1 GB on 1 Tflop/s and 10 GB/s: memory bound, 0.1 s at full rate."""
    platform = Roofline(flops=1e12, bytes_per_second=10e9, start_seconds=Interval.exact(1.0), watts=5, source="by hand")
    cost = platform.cost(Work(flops=1e9, bytes_cached=1e9, bytes_uncached=2e9, steps=2))
    assert cost.seconds.low == pytest.approx(2 + 0.1 / 0.6)
    assert cost.seconds.high == pytest.approx(2 + 0.2 / 0.1)
    assert cost.joules.typical == pytest.approx(5 * (2 + 0.1 / 0.3))


def test_the_published_FPGA():
    """Section 1.3: 217 GFLOPS."""
    assert PLATFORMS["FPGA FASTCF"].cost(Work(217e9, 0, 0)).seconds.typical == pytest.approx(1.0)


@pytest.mark.parametrize("workload", [Workload(m=300, n=200, known=6_000, k=5), Workload(m=200, n=100, k=5)])
def test_this_computer_is_measured(workload):
    platform = calibrate(Digital(), workload)
    assert 1e6 < platform.flops.low <= platform.flops.high < 1e14
    assert platform.watts.low > 0
    assert "measured on" in platform.source


def test_a_large_workload_is_measured_on_a_part_of_it():
    """Each right-hand side as full as in the whole."""

    class Recorder:
        def __init__(self):
            self.seen = []

        def program(self, A):
            return self

        def solve(self, B):
            self.seen.append(B)
            return np.ones((3, B.shape[1]))

    recorder = Recorder()
    calibrate(recorder, Workload(m=100_000, n=2_000, known=2_000_000, k=3))
    X = recorder.seen[1]
    assert X.values.size < 1_000_000
    assert X.values.size / X.shape[0] == pytest.approx(2_000_000 / 100_000, rel=0.01)
    assert X.values.size / X.shape[1] == pytest.approx(2_000_000 / 2_000, rel=0.01)


def test_more_power_more_energy():
    one, two = (Sustained(flops=Interval(1, 2, 4), watts=Interval.exact(w), source="") for w in (1, 2))
    work = Work(8, 0, 0)
    assert one.cost(work).seconds == Interval(2, 4, 8)
    assert two.cost(work).joules == one.cost(work).joules * 2


def _counter(folder, name, value):
    package = folder / name
    package.mkdir(exist_ok=True)
    (package / "energy_uj").write_text(f"{value}\n")
    (package / "max_energy_range_uj").write_text("1000000\n")


def test_energy_is_the_sum_of_the_packages_and_may_go_through_zero(tmp_path):
    _counter(tmp_path, "intel-rapl:0", 999_000)
    _counter(tmp_path, "intel-rapl:1", 5_000)
    _counter(tmp_path, "intel-rapl:0:0", 7)  # a core of package 0, counted there already
    meter = Rapl(tmp_path)
    _counter(tmp_path, "intel-rapl:0", 1_000)
    _counter(tmp_path, "intel-rapl:1", 8_000)
    assert meter.joules() == pytest.approx(2e-3 + 3e-3)


def test_no_counters(tmp_path):
    with pytest.raises(OSError, match="no energy counters"):
        Rapl(tmp_path)
