"""A kernel reads memory by the indices it is given, so it must refuse those that lead outside."""

import subprocess
import sys

import numpy as np
import pytest

from mho import kernels

M, N, K = 4, 3, 2


def _arguments(**changes):
    arguments = {
        "A": np.ones((M, K)),
        "ptr": np.array([0, 1, 1, 3], np.int32),
        "idx": np.array([0, 3, 1], np.int32),
        "val": np.ones(3),
        "out": np.zeros((N, K)),
        "X": np.zeros((N, K)),
        "base": np.eye(K),
        "ridge": np.zeros((4, K)),
        "ridge_lcp": np.zeros((3, K)),
        "G": np.eye(K),
        "offset": np.zeros(K),
        "fit": np.zeros(N),
        "fit_masked": np.zeros((N, 2)),
        "shift": None,
        "failed": np.zeros(N, np.uint8),
        "left": np.ones((M, K)),
        "right": np.ones((M, K)),
        "extra": None,
    }
    return arguments | changes


def _cross(a):
    kernels.cross(a["A"], a["ptr"], a["idx"], a["val"], a["out"], 1)


def _sddmm(a):
    kernels.sddmm(a["A"], a["X"], a["ptr"], a["idx"], a["val"], 1)


def _sweep_sparse(a):
    sparse = a["ptr"], a["idx"], a["val"]
    kernels.sweep_sparse(a["A"], *sparse, a["G"], a["offset"], a["X"], 1, a["fit"], 1)


def _masked_sweep(a):
    sparse = a["ptr"], a["idx"], a["val"]
    kernels.masked_sweep(a["A"], a["shift"], *sparse, a["ridge"], a["X"], 1, a["fit_masked"], 1)


def _masked_lcp(a):
    before, sparse = (a["left"], a["right"], a["extra"], a["base"], a["ridge_lcp"]), (a["ptr"], a["idx"], a["val"])
    kernels.masked_lcp(*before, *sparse, a["X"], a["failed"], 1)


SPARSE = pytest.mark.parametrize("kernel", [_cross, _sddmm, _sweep_sparse, _masked_sweep, _masked_lcp])


@SPARSE
def test_the_arguments_below_are_good_but_for_one(kernel):
    kernel(_arguments())


@SPARSE
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize(
    ("ptr", "idx", "says"),
    [
        ([0, 1, 3], [0, 3, 1], "ptr must have one entry more"),
        ([0, 1, 1, 1, 3], [0, 3, 1], "ptr must have one entry more"),
        ([], [0, 3, 1], "ptr must have one entry more"),
        ([1, 1, 1, 3], [0, 3, 1], "ptr must run from 0"),
        ([0, 1, 1, 4], [0, 3, 1], "ptr must run from 0"),
        ([0, 1, 1, 2], [0, 3, 1], "ptr must run from 0"),
        ([0, 1, 1, -3], [0, 3, 1], "ptr must run from 0"),
        ([0, 3, 1, 3], [0, 3, 1], "ptr must not decrease"),
        ([0, 9, -5, 3], [0, 3, 1], "ptr must not decrease"),
        ([0, 1, 1, 3], [0, 4, 1], "idx must lie inside"),
        ([0, 1, 1, 3], [0, -1, 1], "idx must lie inside"),
        ([0, 1, 1, 3], [2**31 - 1, 0, 1], "idx must lie inside"),
        ([0, 1, 1, 3], [-(2**31), 0, 1], "idx must lie inside"),
    ],
)
def test_pointers_and_indices_that_lead_outside_are_refused(kernel, dtype, ptr, idx, says):
    with pytest.raises(ValueError, match=says):
        kernel(_arguments(ptr=np.array(ptr, dtype), idx=np.array(idx, dtype)))


@SPARSE
def test_values_must_be_as_many_as_indices(kernel):
    with pytest.raises(ValueError, match="idx and val must be of one length"):
        kernel(_arguments(val=np.ones(2)))


@pytest.mark.parametrize(
    ("kernel", "name", "value", "says"),
    [
        (_cross, "A", np.ones((M, K + 1)), r"A must be \(m, k\)"),
        (_cross, "A", np.ones(M), r"A must be \(m, k\)"),
        (_sddmm, "A", np.ones((M, K + 1)), r"A must be \(m, k\)"),
        (_masked_sweep, "A", np.ones((M, K + 1)), r"A must be \(m, k\)"),
        (_sweep_sparse, "A", np.ones((M, K + 1)), "must be"),
        (_sweep_sparse, "G", np.eye(K + 1), r"G must be \(k, k\)"),
        (_sweep_sparse, "offset", np.zeros(K + 1), r"offset must be \(k,\)"),
        (_sweep_sparse, "fit", np.zeros(N + 1), r"fit must be \(n,\)"),
        (_masked_sweep, "ridge", np.zeros((3, K)), r"ridge must be \(4, k\)"),
        (_masked_sweep, "ridge", np.zeros((4, K + 1)), r"ridge must be \(4, k\)"),
        (_masked_sweep, "fit_masked", np.zeros((N - 1, 2)), r"fit must be \(n, 2\)"),
        (_masked_sweep, "shift", np.zeros(M + 1), r"shift must be \(m,\)"),
        (_masked_lcp, "left", np.ones((M, K + 1)), r"left must be \(m, k\)"),
        (_masked_lcp, "right", np.ones((M + 1, K)), r"right must be \(m, k\)"),
        (_masked_lcp, "extra", np.ones((M, 1)), r"extra must be \(m, k\)"),
        (_masked_lcp, "base", np.eye(1), r"base must be \(k, k\)"),
        (_masked_lcp, "ridge_lcp", np.zeros((4, K)), r"ridge must be \(3, k\)"),
        (_masked_lcp, "failed", np.zeros(N + 1, np.uint8), r"failed must be \(n,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(kernel, name, value, says):
    with pytest.raises(ValueError, match=says):
        kernel(_arguments(**{name: value}))


@pytest.mark.parametrize(
    ("Q", "X", "failed"),
    [
        (np.ones((3, 2)), np.zeros((3, 3)), np.zeros(3, np.uint8)),
        (np.ones((3, 2)), np.zeros((2, 2)), np.zeros(3, np.uint8)),
        (np.ones((3, 2)), np.zeros((3, 2)), np.zeros(2, np.uint8)),
        (np.ones((3, 3)), np.zeros((3, 3)), np.zeros(3, np.uint8)),
        (np.ones(3), np.zeros((3, 1)), np.zeros(3, np.uint8)),
    ],
)
def test_lcp_refuses_shapes_that_do_not_fit(Q, X, failed):
    with pytest.raises(ValueError, match="must be"):
        kernels.lcp(np.eye(2), None, Q, kernels.GENERAL, X, failed, 1)


@pytest.mark.parametrize(
    ("C", "X"), [(np.ones((3, 2)), np.ones((3, 3))), (np.ones((3, 3)), np.ones((3, 3))), (np.ones((3, 2)), np.ones(3))]
)
def test_sweep_refuses_shapes_that_do_not_fit(C, X):
    with pytest.raises(ValueError, match="must be"):
        kernels.sweep(np.eye(2), C, X, 1, 1)


def test_a_vector_is_not_read_as_a_matrix():
    """Its second dimension is not there to be read."""
    with pytest.raises(ValueError, match="must be"):
        kernels.sweep(np.eye(1), np.ones(3), np.ones((3, 1)), 1, 1)
    with pytest.raises(ValueError, match="must be"):
        kernels.lcp(np.eye(1), None, np.ones(3), kernels.GENERAL, np.ones((3, 1)), np.zeros(3, np.uint8), 1)


@pytest.mark.parametrize("method", [-1, 3])
def test_there_is_no_other_method(method):
    with pytest.raises(ValueError, match="method"):
        kernels.lcp(np.eye(2), None, np.ones((1, 2)), method, np.zeros((1, 2)), np.zeros(1, np.uint8), 1)


def test_what_a_helping_thread_finds_wrong_is_raised_to_the_caller():
    """Of 640 columns, in ten chunks, one of the last has an index outside."""
    ptr, idx = np.arange(641, dtype=np.int32), np.zeros(640, np.int32)
    idx[-3] = M
    with pytest.raises(ValueError, match="idx must lie inside"):
        kernels.cross(np.ones((M, K)), ptr, idx, np.ones(640), np.zeros((640, K)), 4)
    with pytest.raises(ValueError, match="method"):
        kernels.lcp(np.eye(2), None, np.ones((500, 2)), 7, np.zeros((500, 2)), np.zeros(500, np.uint8), 2)


def _dense(kernel, k, rounds, threads):
    f = np.zeros(5)
    if kernel in (kernels.products_of_rows, kernels.products_of_columns):
        kernel(
            np.ones((5, 5)), np.ones((k, 5) if kernel is kernels.products_of_rows else (5, k)), np.ones((5, k)), threads
        )
    elif kernel is kernels.divergence_dense:
        kernel(np.ones((5, 5)), np.ones((k, 5)), np.zeros((2, k)), 0, np.ones((k, 5)), rounds, 1, f, threads)
    elif kernel is kernels.sweep:
        kernel(np.eye(k), np.ones((5, k)), np.ones((5, k)), rounds, threads)
    elif kernel is kernels.gram:
        kernel(np.ones((5, k)), np.empty((k, k)), threads)
    elif kernel is kernels.array_stats:
        kernel(np.ones((5, k)), np.empty(4), threads)
    elif kernel is kernels.lcp:
        kernel(np.eye(k), None, np.ones((5, k)), kernels.SYMMETRIC, np.ones((5, k)), np.zeros(5, np.uint8), threads)
    else:
        kernel(np.ones((5, 5)), np.ones((k, 5)), np.eye(k), np.zeros(k), np.ones((k, 5)), rounds, f, threads)


def _sparse(kernel, k, rounds, threads):
    ptr, idx, val, f = np.arange(6), np.zeros(5, int), np.ones(5), np.zeros(5)
    A, answer, failed = np.ones((4, k)), np.ones((5, k)), np.zeros(5, np.uint8)
    if kernel is kernels.cross:
        kernel(A, ptr, idx, val, answer, threads)
    elif kernel is kernels.sddmm:
        kernel(A, answer, ptr, idx, val, threads)
    elif kernel is kernels.csc_to_csr:
        kernel(ptr, idx, val, np.empty(5, int), np.empty(5, int), np.empty(5), threads)
    elif kernel is kernels.sweep_sparse:
        kernel(A, ptr, idx, val, np.eye(k), np.zeros(k), answer, rounds, f, threads)
    elif kernel is kernels.divergence_sparse:
        kernel(A, ptr, idx, val, np.zeros((5, k)), 0, answer, rounds, 1, f, threads)
    elif kernel is kernels.masked_sweep:
        kernel(A, None, ptr, idx, val, np.ones((4, k)), answer, rounds, np.zeros((5, 2)), threads)
    elif kernel is kernels.weighted_sweep:
        kernel(A, ptr, idx, val, val, np.ones((4, k)), answer, rounds, np.zeros((5, 2)), threads)
    elif kernel is kernels.masked_lcp:
        kernel(A, A, None, np.eye(k), np.zeros((3, k)), ptr, idx, val, answer, failed, threads)
    else:
        kernel(A, np.eye(k), np.zeros((3, k)), ptr, idx, val, val, answer, failed, threads)


ELSEWHERE = {"descend_own", "gram_of_nearest", "gram_of_own_rows", "nearest_columns", "mix_alike"}
"""Those of test_nearest.py, and of patches below."""
NO_KERNELS = {"DEGENERATE", "GENERAL", "SYMMETRIC", "isa", "one", "single_threaded", "thread_count"}
NAMES = sorted(set(kernels.__all__) - ELSEWHERE - NO_KERNELS)
"""Kernels that share their work among threads."""
WITHOUT_ORDER = {"gram", "array_stats", "csc_to_csr", "sddmm"}
WITHOUT_ROUNDS = WITHOUT_ORDER | {
    "cross",
    "lcp",
    "masked_lcp",
    "products_of_columns",
    "products_of_rows",
    "weighted_lcp",
}
DENSE = {"divergence_dense", "gram", "lcp", "products_of_columns", "products_of_rows", "array_stats", "sweep"}


@pytest.mark.parametrize("name", NAMES)
def test_numbers_out_of_range_are_refused_by_every_kernel(name):
    call = _dense if name in DENSE | {"sweep_rows", "sweep_columns"} else _sparse
    kernel = getattr(kernels, name)
    call(kernel, 2, 1, 2)
    for threads in (0, -1, -(2**63)):
        with pytest.raises(ValueError, match="threads must be above zero"):
            call(kernel, 2, 1, threads)
    call(kernel, 2, 1, 2**62)
    if name in WITHOUT_ORDER:
        call(kernel, 0, 1, 2)
    else:
        with pytest.raises(ValueError, match="k must be above zero"):
            call(kernel, 0, 1, 2)
    if name not in WITHOUT_ROUNDS:
        with pytest.raises(ValueError, match="must not be negative"):
            call(kernel, 2, -1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noisy": (2, 7, 20)}, "at least 8 x 8"),
        ({"estimate": (2, 20, 19)}, "estimate must have the shape of noisy"),
        ({"sums": (1, 20, 20)}, "sums must have the shape of noisy"),
        ({"levels": (20, 19)}, "levels must be"),
        ({"counts": (19, 20)}, "counts must be"),
        ({"members": 0}, "members must be from 1 to 32"),
        ({"members": 33}, "members must be from 1 to 32"),
        ({"step": 0}, "step must be"),
        ({"step": 2**62}, "step must be"),
        ({"radius": -1}, "radius must be"),
        ({"radius": 21}, "radius must be"),
        ({"radius": 2**62}, "radius must be"),
        ({"threads": 0}, "threads must be above zero"),
    ],
)
def test_patches_that_do_not_fit_are_refused(change, message):
    given = {"noisy": (2, 20, 20), "estimate": (2, 20, 20), "levels": (20, 20), "step": 6, "radius": 10, "members": 4}
    given |= {"ridge": 1.0, "other": 1.0, "first": True, "sums": (2, 20, 20), "counts": (20, 20), "threads": 2}
    arrays = {"levels": np.int16}
    values = [
        np.ones(value, arrays.get(name, np.float32)) if isinstance(value, tuple) else value
        for name, value in (given | change).items()
    ]
    with pytest.raises(ValueError, match=message):
        kernels.mix_alike(*values)


@SPARSE
@pytest.mark.parametrize("name", ["ptr", "idx", "val"])
def test_a_type_that_does_not_fit_is_never_converted(kernel, name):
    with pytest.raises(TypeError, match="incompatible function arguments"):
        kernel(_arguments(**{name: _arguments()[name].astype(np.int16)}))


@pytest.mark.parametrize(
    "call",
    [
        "lcp(np.eye(2), None, None, kernels.GENERAL, np.ones((1, 2)), np.zeros(1, np.uint8), 1)",
        "lcp(None, None, np.ones((1, 2)), kernels.GENERAL, np.ones((1, 2)), np.zeros(1, np.uint8), 1)",
        "sweep(np.eye(2), None, np.ones((3, 2)), 1, 1)",
        "cross(None, np.zeros(2, np.int32), np.zeros(0, np.int32), np.zeros(0), np.ones((1, 2)), 1)",
        "cross(np.ones((1, 2)), np.zeros(2, np.int32), np.zeros(0, np.int32), np.zeros(0), None, 1)",
        "sddmm(np.ones((1, 2)), None, np.zeros(2, np.int32), np.zeros(0, np.int32), np.zeros(0), 1)",
    ],
)
def test_nothing_is_no_array(call):
    """In a process of its own: the shape of an array that is not there would be read."""
    script = f"import numpy as np\nfrom mho import kernels\ntry: kernels.{call}\nexcept TypeError: print('refused')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "refused\n"


def test_an_output_that_is_not_contiguous_or_read_only_is_refused():
    read_only = np.zeros((N, K))
    read_only.flags.writeable = False
    for out in (np.zeros((N, K), order="F"), np.zeros((N, 2 * K))[:, ::2], read_only):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            _cross(_arguments(out=out))


def test_inputs_may_be_read_only():
    arguments = _arguments()
    for name in ("A", "ptr", "idx", "val"):
        arguments[name].flags.writeable = False
    _cross(arguments)
    assert arguments["out"].any()
