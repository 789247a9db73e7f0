"""Options of a factorization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

__all__ = ["EngineName", "Settings", "WholeNumber", "check_whole_numbers"]


def _whole_number(kind: Any, tokens: Sequence[Token]) -> int:
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"must be a whole number, got {tokens[0].value!r}") from None


WholeNumber = Annotated[int, Parameter(converter=_whole_number)]
"""An int that 1.5 is not rounded to."""

EngineName = Literal["digital", "analog", "hybrid"]
"""Who solves: this CPU, the simulated analogue chip, or the chip first and the CPU last."""

_SEEDS = 2**32


def check_whole_numbers(options: Any) -> None:
    """Refuse whole numbers below one, and seeds out of range, among the fields of a group of options.

    A field ``n_...`` is the option ``-k``, any other the option of its own name.
    """
    from mho import checks

    for field in fields(options):
        value, option = getattr(options, field.name), f"--{field.name.replace('_', '-')}"
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        if field.name != "seed":
            checks.positive_int(value, "-k" if field.name.startswith("n_") else option)
        elif not 0 <= value < _SEEDS:
            raise ValueError(f"--seed must be at least 0 and less than {_SEEDS}, got {value}")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a factorization.

    Parameters
    ----------
    n_components
        Number k of components.
    engine
        Who solves the half-steps: this CPU, the simulated analogue chip, or the chip first and the CPU last.
    layout
        What a line of a table is: a row of the matrix, or one entry (row id, column id, value).
    missing
        What is not known: nan, the NaN and empty fields; unstored, what a sparse matrix or triplets leave out.
        Without it NaN is an error and what is left out is zero.
    loss
        What is minimised: the squared error, or a divergence for counts (kullback-leibler), for counts that vary more
        (negative-binomial), for powers (itakura-saito), or for outliers (huber). With the digital engine.
    weights
        File of the same shape as the input: how much each entry's squared error counts. With the digital engine.
    scaled
        Rows of H have sum 1 in the end, largest part of X first.
    algorithm
        How the CPU iterates; auto chooses by the kind and shape of the matrix.
    init
        Starting factors.
    max_iter
        Iterations at the most, those before a --resume included.
    tol
        Stop when the relative error falls by less than this share of its first value per iteration; 0 never stops.
    l2_w
        Ridge on W.
    l2_h
        Ridge on H.
    l1_w
        Price of the sum of W: the higher, the sparser.
    l1_h
        Price of the sum of H: the higher, the sparser.
    seed
        For the starting factors and the errors of the chip.
    max_bytes
        Refuse a matrix that takes more memory.
    """

    n_components: Annotated[WholeNumber, Parameter(name=("-k", "--components"))]
    engine: EngineName = "digital"
    layout: Literal["matrix", "triplets"] = "matrix"
    missing: Literal["nan", "unstored"] | None = None
    loss: Literal["frobenius", "kullback-leibler", "itakura-saito", "huber", "negative-binomial"] = "frobenius"
    weights: Path | None = None
    scaled: Annotated[bool, Parameter(negative="", show_default=False)] = False
    algorithm: Literal["auto", "hals", "extrapolated", "compressed", "sampled"] = "auto"
    init: Literal["auto", "random", "nndsvd", "nndsvda", "nndsvdar"] = "auto"
    max_iter: WholeNumber = 200
    tol: float = 1e-4
    l2_w: float = 0.0
    l2_h: float = 0.0
    l1_w: float = 0.0
    l1_h: float = 0.0
    seed: WholeNumber = 0
    max_bytes: WholeNumber = 2**33

    def check(self) -> None:
        """Refuse numbers out of range, by the names of their options."""
        from mho import checks

        check_whole_numbers(self)
        for name in ("tol", "l2_w", "l2_h", "l1_w", "l1_h"):
            checks.nonnegative_number(getattr(self, name), f"--{name.replace('_', '-')}")
        if self.engine != "digital" and (self.loss != "frobenius" or self.weights is not None):
            raise ValueError(f"--loss and --weights are for --engine digital, got --engine {self.engine}")
        if self.engine != "digital" and self.algorithm != "auto":
            raise ValueError(f"--algorithm is for --engine digital, got --engine {self.engine}")
        if self.weights is not None and self.loss != "frobenius":
            raise ValueError(f"--weights are for --loss frobenius, got --loss {self.loss}")
