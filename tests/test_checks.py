import re
import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from mho import checks


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_pass_without_a_copy(dtype, order):
    value = np.ones((3, 4), dtype, order)
    assert checks.as_matrix(value, "A") is value


def test_a_read_only_matrix_passes():
    value = np.ones((3, 4))
    value.flags.writeable = False
    assert checks.as_matrix(value, "A") is value


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.longdouble])
def test_other_real_types_become_float64(dtype):
    out = checks.as_matrix(np.ones((2, 2), dtype), "A")
    assert out.dtype == np.float64
    assert (out == 1).all()


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        ([1.0, 2.0], ValueError, r"A must be a matrix \(2 dimensions\), got shape \(2,\)"),
        (3.0, ValueError, r"A must be a matrix .* got shape \(\)"),
        (np.ones((2, 2, 2)), ValueError, r"A must be a matrix .* got shape \(2, 2, 2\)"),
        (np.empty((0, 3)), ValueError, r"A must not be empty, got shape \(0, 3\)"),
        ([[1.0], [2.0, 3.0]], ValueError, "A must be a rectangular array"),
        ([["a", "b"]], TypeError, "A must hold real numbers, got dtype <U1"),
        ([[1j]], TypeError, "A must hold real numbers, got dtype complex128"),
        (None, TypeError, "A must hold real numbers, got NoneType"),
        (np.array([["2020-01-01"]], "datetime64[D]"), TypeError, "A must hold real numbers, got dtype datetime64"),
        ([[1.0, -2.5]], ValueError, r"A contains a negative entry \(-2\.5\); every entry must be >= 0"),
        ([[1.0, np.inf]], ValueError, "A contains an infinite entry"),
        ([[1.0, -np.inf]], ValueError, "A contains an infinite entry"),
        ([[1.0, np.nan]], ValueError, "A contains NaN; every entry must be a number"),
        ([[np.inf, np.nan]], ValueError, "A contains NaN"),
        (sp.eye_array(2, format="csr"), TypeError, r"A must be dense here, got a sparse csr_array; use A.toarray\(\)"),
    ],
)
def test_a_bad_matrix_is_named_with_what_came(value, kind, says):
    with pytest.raises(kind, match=says):
        checks.as_matrix(value, "A")


def test_a_masked_array_is_not_read_as_if_it_had_no_mask():
    value = np.ma.masked_array(np.ones((2, 2)), mask=[[True, False], [False, False]])
    with pytest.raises((TypeError, ValueError), match=r"A .*mask"):
        checks.as_matrix(value, "A")


def test_missing_entries_pass_where_they_are_allowed():
    value = np.array([[np.nan, 1.0], [0.0, np.nan]])
    assert checks.as_matrix(value, "A", missing=True) is value
    all_missing = np.full((2, 2), np.nan)
    assert checks.as_matrix(all_missing, "A", missing=True) is all_missing


@pytest.mark.parametrize(("bad", "says"), [(-1.0, "negative"), (np.inf, "infinite"), (-np.inf, "infinite")])
def test_what_is_not_missing_is_still_checked(bad, says):
    with pytest.raises(ValueError, match=f"A contains an? {says}"):
        checks.as_matrix([[np.nan, bad]], "A", missing=True)


def test_signs_are_free_where_the_caller_says_so():
    assert checks.as_matrix([[-1.0]], "B", nonnegative=False)[0, 0] == -1


def test_nothing_stored_is_fine():
    assert checks.check_values(np.empty(0), "B").size == 0


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (0, ValueError, r"k must be at least 1 and at most 9 \(columns\), got 0"),
        (10, ValueError, r"k must be at least 1 and at most 9 \(columns\), got 10"),
        (-3, ValueError, "k must be at least 1"),
        (2.0, TypeError, "k must be a whole number, got 2.0"),
        (True, TypeError, "k must be a whole number, got True"),
        ("3", TypeError, "k must be a whole number, got '3'"),
        (None, TypeError, "k must be a whole number, got None"),
    ],
)
def test_a_bad_count_is_named(value, kind, says):
    with pytest.raises(kind, match=says):
        checks.positive_int(value, "k", limit=9, what="columns")


@pytest.mark.parametrize("value", [1, 9, np.int64(4), np.uint8(4)])
def test_counts_become_int(value):
    out = checks.positive_int(value, "k", limit=9)
    assert type(out) is int
    assert out == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (-1e-9, ValueError),
        (np.inf, ValueError),
        (np.nan, ValueError),
        ("1", TypeError),
        (True, TypeError),
        (1j, TypeError),
    ],
)
def test_a_bad_number_is_named(value, kind):
    with pytest.raises(kind, match=r"tol must be .*got "):
        checks.nonnegative_number(value, "tol")


@pytest.mark.parametrize("value", [0, 0.5, np.float32(2), np.int16(3)])
def test_numbers_become_float(value):
    assert checks.nonnegative_number(value, "tol") == float(value)
    assert type(checks.nonnegative_number(value, "tol")) is float


def test_a_choice_is_among_those_listed():
    assert checks.one_of("nan", "missing", (None, "nan")) == "nan"
    assert checks.one_of(None, "missing", (None, "nan")) is None
    with pytest.raises(ValueError, match=re.escape("missing must be one of None, 'nan', got 'zero'")):
        checks.one_of("zero", "missing", (None, "nan"))
    with pytest.raises(ValueError, match="missing must be one of"):
        checks.one_of(np.nan, "missing", (None, "nan"))


def test_a_choice_from_a_numpy_grid_is_the_same_choice():
    assert checks.one_of(np.array(["nan"])[0], "missing", (None, "nan")) == "nan"


def test_checking_allocates_next_to_nothing():
    import tracemalloc

    value = np.ones((1000, 1000))
    tracemalloc.start()
    checks.as_matrix(value, "A")
    checks.as_matrix(value[::2, ::3], "A", missing=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < value.nbytes / 10


def test_no_numpy_warning_leaks_from_nan():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.as_matrix(np.full((3, 3), np.nan, np.float32), "A", missing=True)
        with pytest.raises(ValueError, match="NaN"):
            checks.as_matrix(np.full((3, 3), np.nan, np.float32), "A")
