"""A factorization that keeps its last complete iteration when it is interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mho.cli.checkpoint import Start, about
from mho.cli.interrupts import undisturbed
from mho.cli.loop_file import loop_parts
from mho.cli.periodic import Periodic
from mho.cli.progress import Progress
from mho.cli.recorder import Recorder
from mho.cli.settings import Settings
from mho.cli.source import Source

__all__ = ["Run"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """From a source to a file.

    Attributes
    ----------
    source : Source
    start : Start
    settings : Settings
    out : Path
    recorder : Recorder or None
        For the events of the chip.
    """

    source: Source
    start: Start
    settings: Settings
    out: Path
    recorder: Recorder | None = None

    def fit(self, shown: Progress) -> Any:
        """Factorize, write the factors to `out` and return the fitted `mho.NMF`.

        Raises
        ------
        KeyboardInterrupt
            Of the kind that came, saying what has been kept.
        """
        model = self._model(shown)
        shown.stage(f"factorizing {self.source.path.name}", self.start.iterations)
        try:
            if self.start.state is None or self.source.weights is not None:
                model.fit(self.source.X, weights=self.source.weights, **self.start.factors)
            else:
                model.resume(self.source.X, self.start.state)
        except KeyboardInterrupt as interrupt:
            if not getattr(model, "history_", None):
                raise type(interrupt)("before an iteration was complete; nothing was written") from None
            self._save(model, complete=False)
            kept = f"iteration {self.iterations(model)} is kept in {self.out}; go on with --resume"
            raise type(interrupt)(kept) from None
        self._save(model, complete=True)
        return model

    def iterations(self, model: Any) -> int:
        """Return the iterations done, those before a resumption included."""
        return self.start.iterations + model.n_iter_

    def _model(self, shown: Progress) -> Any:
        from mho import NMF

        settings, before = self.settings, self.start.iterations

        def follow(record: dict[str, Any]) -> None:
            shown.iteration(before + record["iteration"], settings.max_iter, f"error {record['error']:.4g}")
            if not self._ends(model):
                keep()

        model = NMF(
            settings.n_components,
            engine=settings.engine,
            algorithm=settings.algorithm,
            init=settings.init,
            max_iter=settings.max_iter - before,
            tol=settings.tol,
            missing=settings.missing,
            loss=settings.loss,
            scaled=settings.scaled,
            l2_W=settings.l2_w,
            l2_H=settings.l2_h,
            l1_W=settings.l1_w,
            l1_H=settings.l1_h,
            random_state=settings.seed,
            callback=follow,
        )
        keep = Periodic(lambda: self._save(model, complete=False))
        return model

    def _ends(self, model: Any) -> bool:
        """Return whether the loop ends with its last iteration: a result is not kept as one that is not complete."""
        from mho.nmf.loop import stalled

        state = self._state(model)
        return state is not None and stalled(state.objectives, self.settings.tol)

    def _state(self, model: Any) -> Any:
        """Return the state of the loop, unless an interrupt came between the factors and their state."""
        state = getattr(model, "loop_state_", None)
        return state if state is not None and state.last.W is model.W_ else None

    def _save(self, model: Any, *, complete: bool) -> None:
        from mho.data import write_factors

        loop, matrices = loop_parts(None if complete else self._state(model))
        result = {
            "relative_error": model.history_[-1]["error"],
            "iterations": self.iterations(model),
            "complete": complete,
        }
        facts = about(self.source, self.settings, **result) | loop | self.source.names()
        with undisturbed():  # a second, impatient Ctrl-C would lose what the first one kept
            write_factors(self.out, model.W_, model.components_, facts, state=matrices)
            if self.recorder is not None:
                self.recorder.save(model)
