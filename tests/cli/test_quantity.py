import pytest

from mho.cli.quantity import engineering, engineering_range, plain_range
from mho.cost import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (42.6e-6, "42.6 uJ"),
        (0.0, "0 J"),
        (1.0, "1 J"),
        (999.6, "1 kJ"),
        (999.4, "999 J"),
        (9.996e-4, "1 mJ"),
        (1e-3, "1 mJ"),
        (1e-6, "1 uJ"),
        (26_200.0, "26.2 kJ"),
        (-3.5e-9, "-3.5 nJ"),
        (4e-19, "0.0004 fJ"),
        (5e15, "5,000 TJ"),
    ],
)
def test_three_digits_and_a_prefix(value, text):
    assert engineering(value, "J") == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((3.1e-6, 42.6e-6, 98e-6), "42.6 us (3.1 to 98)"),
        ((2e-3, 2e-3, 2e-3), "2 ms"),
        ((0.708, 0.805, 26.2), "805 ms (708 ms to 26.2 s)"),
        ((217e-6, 6.52e-3, 0.9), "6.52 ms (0.217 to 900)"),
        ((1e-6, 6.52e-3, 0.9), "6.52 ms (1 us to 900 ms)"),
    ],
)
def test_a_range(ends, text):
    assert engineering_range(Interval(*ends), "s") == text


def test_a_range_without_prefixes():
    assert plain_range(Interval(48.31, 240, 1684), "mm²") == "240 mm² (48.3 to 1,680)"
    assert plain_range(Interval.exact(1), "") == "1"
