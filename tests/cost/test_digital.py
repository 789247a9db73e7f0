import pytest

from mho.cost import PLATFORMS, Roofline, sweep_work


def test_netflix_takes_what_the_reference_sheet_says():
    """Section 4.4: about 20 GFLOP at k = 10, 2.3 TFLOP and 79 GB of factor rows at k = 100; 1 to 3 ms on an H100."""
    ten = sweep_work(480_189, 17_770, 10, 99_072_112, missing=True)
    hundred = sweep_work(480_189, 17_770, 100, 99_072_112, missing=True)
    assert ten.flops == pytest.approx(20e9, rel=0.35)
    assert hundred.flops == pytest.approx(2.3e12, rel=0.1)
    assert hundred.bytes_uncached - hundred.bytes_cached == pytest.approx(79e9, rel=0.01)
    assert 1e-3 < PLATFORMS["H100"].cost(ten).seconds.typical < 3e-3


def test_a_small_dense_sweep_by_hand():
    """Two Gram matrices of 3 unknowns over 5 + 7 rows, two cross products, 12 solves."""
    work = sweep_work(5, 7, 3)
    assert work.flops == pytest.approx(12 * 3 * 4 + 2 * 2 * 35 * 3 + 12 * (9 + 18))
    assert work.bytes_cached == work.bytes_uncached


def test_a_roofline_is_ordered_and_draws_its_power():
    for platform in (p for p in PLATFORMS.values() if isinstance(p, Roofline)):
        line = platform.cost(sweep_work(943, 1682, 10, 100_000, missing=True))
        for end in ("low", "typical", "high"):
            assert getattr(line.joules, end) == pytest.approx(getattr(line.seconds, end) * platform.watts)
        assert 0 < line.seconds.low < line.seconds.high


def test_more_entries_than_the_matrix_has():
    with pytest.raises(ValueError, match="known"):
        sweep_work(5, 7, 3, 36)
