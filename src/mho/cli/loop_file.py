"""The state of an interrupted loop, beside the factors in their file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["loop_parts", "read_loop"]

_NAME = "loop"
_UNTOLD = 10**9
"""Iterations of a file that does not tell, written before any loop asked."""
_NUMBERS = "error", "objective", "stride", "limit"
_MOST = 2**53
_COUNTS = "stage", "stage_iterations", "iterations"


def loop_parts(state: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the text and the matrices that `read_loop` makes a `LoopState` of again; nothing of None."""
    if state is None:
        return {}, {}
    last, momentum = state.last, state.last.momentum
    numbers = {"error": last.error, "objective": last.objective, "objectives": state.objectives}
    numbers |= {name: getattr(state, name) for name in (*_COUNTS, "random_state")}
    if momentum is None:
        return {_NAME: json.dumps(numbers)}, {}
    numbers |= {"stride": momentum.stride, "limit": momentum.limit}
    return {_NAME: json.dumps(numbers)}, {"W": momentum.W, "H": momentum.H}


def read_loop(path: Path, W: np.ndarray, H: np.ndarray, facts: dict[str, str]) -> Any:
    """Return the state of the loop whose last factors are W and H; None where the file has none.

    Raises
    ------
    DataError
        What there is does not make one.
    """
    if _NAME not in facts:
        return None
    from mho.data.errors import damaged
    from mho.data.factors import read_state

    matrices = read_state(path)
    with damaged(path, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return _state(json.loads(facts[_NAME]), matrices, W, H)


def _state(numbers: dict[str, Any], matrices: dict[str, np.ndarray], W: np.ndarray, H: np.ndarray) -> Any:
    import numpy as np

    from mho.nmf.loop import Iterate, LoopState, Momentum

    given = [name for name in _NUMBERS if name in numbers]
    finite = [float(numbers[name]) for name in given] + [float(value) for value in numbers["objectives"]]
    if not np.isfinite(finite).all() or len(finite) == len(given):
        raise ValueError("the state of its loop must be finite numbers")
    momentum = None
    if matrices:
        shapes = matrices["W"].shape, matrices["H"].shape
        if shapes != (W.shape, H.shape) or not all(np.isfinite(part).all() for part in matrices.values()):
            raise ValueError("the state of its loop does not fit its factors")
        momentum = Momentum(matrices["W"], matrices["H"], float(numbers["stride"]), float(numbers["limit"]))
    last = Iterate(W, H, float(numbers["error"]), float(numbers["objective"]), momentum)
    counts = {"stage": 0, "iterations": _UNTOLD} | numbers
    counts = {"stage_iterations": counts["iterations"]} | counts
    counts = {name: counts[name] for name in _COUNTS}
    if any(type(count) is not int or not 0 <= count < _MOST for count in counts.values()):
        raise ValueError("the state of its loop must have whole numbers of iterations")
    random = _random_state(numbers.get("random_state"))
    return LoopState(last, tuple(map(float, numbers["objectives"])), **counts, random_state=random)


def _random_state(state: Any) -> dict[str, Any] | None:
    """Return the state of a chip's random errors, once a generator has taken it."""
    import numpy as np

    if state is None:
        return None
    if type(state["writes"]) is not int or not 0 <= state["writes"] < _MOST or len(state) != 3:
        raise ValueError("the state of its chip must count writes")
    for part in ("cells", "converters"):
        np.random.PCG64().state = state[part]
    return state
