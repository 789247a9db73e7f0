"""The state of an interrupted digital loop, beside the factors in their file."""

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


def loop_parts(state: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the text and the matrices that `read_loop` makes a `LoopState` of again; nothing of None."""
    if state is None:
        return {}, {}
    last, momentum = state.last, state.last.momentum
    numbers = {"error": last.error, "objective": last.objective, "objectives": state.objectives}
    numbers["iterations"] = state.iterations
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
    with damaged(path, ValueError, KeyError, TypeError, RecursionError):
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
    iterations = numbers.get("iterations", _UNTOLD)
    if not isinstance(iterations, int) or iterations < 0:
        raise ValueError("the state of its loop must have a whole number of iterations")
    return LoopState(last, tuple(map(float, numbers["objectives"])), iterations)
