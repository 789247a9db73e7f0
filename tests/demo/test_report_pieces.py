import io

import numpy as np
import pytest
from PIL import Image

from mho.demo.chart import Axis, Curve, chart
from mho.demo.markup import difference, percent, quantity, table
from mho.demo.png import data_uri, encode


def test_pillow_reads_the_picture_back():
    grey = np.random.default_rng(0).random((7, 5))
    with Image.open(io.BytesIO(encode(grey))) as picture:
        assert picture.mode == "L"
        np.testing.assert_array_equal(np.asarray(picture), np.rint(255 * grey))


def test_levels_outside_the_scale_are_cut():
    with Image.open(io.BytesIO(encode(np.array([[-1.0, 2.0]])))) as picture:
        assert np.asarray(picture).tolist() == [[0, 255]]
    assert data_uri(np.zeros((1, 1))).startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (1.234, "1.23 s"),
        (12.34, "12.3 s"),
        (1234.5, "1234 s"),
        (0.9996, "1.00 s"),
        (0.0567, "56.7 ms"),
        (9.999e-4, "1.00 ms"),
        (2.5e-6, "2.50 µs"),
        (3e-12, "0.00 ns"),
    ],
)
def test_quantities_have_three_digits_and_a_prefix(value, words):
    assert quantity(value, "s") == words


def test_shares_and_differences():
    assert percent(0.4567) == "46 %"
    assert percent(0.4567, 1) == "45.7 %"
    assert difference(-0.01) == "−0.0100"
    assert difference(0.01) == "+0.0100"


def test_text_in_tables_is_escaped():
    assert "<b>" not in table("<b>", ["<b>"], [["<b>", "<b>"]])


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("", 0, 16), [0, 5, 10, 15]),
        (Axis("", 1, 10), [2, 4, 6, 8, 10]),
        (Axis("", 0.871, 0.899), [0.875, 0.88, 0.885, 0.89, 0.895]),
        (Axis("", 1, 200, log=True), [1, 2, 5, 10, 20, 50, 100, 200]),
    ],
)
def test_ticks_are_round_and_inside(axis, ticks):
    assert axis.ticks() == pytest.approx(ticks)


def test_higher_values_are_drawn_higher():
    drawn = chart(
        [Curve("falling", [1, 2, 4], [9.0, 5.0, 1.0], "digital")], Axis("n", 1, 4, log=True), Axis("e", 0, 9), ""
    )
    points = [tuple(map(float, p.split(","))) for p in drawn.split('points="')[1].split('"')[0].split()]
    x, y = np.array(points).T
    assert y[0] < y[1] < y[2]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.2)


def test_a_flat_curve_and_a_single_iteration_can_be_drawn():
    drawn = chart([Curve("flat", [1], [0.0], "digital")], Axis("n", 1, 1, log=True), Axis("e", 0, 0), "")
    assert "nan" not in drawn
