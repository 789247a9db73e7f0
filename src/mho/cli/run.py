"""A factorization that keeps its last complete iteration when it is interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mho.cli.checkpoint import Start, about
from mho.cli.interrupts import undisturbed
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
        shown.stage(f"factorizing {self.source.path}", self.start.iterations)
        try:
            model.fit(self.source.X, **self.start.factors)
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

        return NMF(
            settings.n_components,
            engine=settings.engine,
            algorithm=settings.algorithm,
            init=settings.init,
            max_iter=settings.max_iter - before,
            tol=settings.tol,
            missing=settings.missing,
            l2_W=settings.l2_w,
            l2_H=settings.l2_h,
            l1_W=settings.l1_w,
            l1_H=settings.l1_h,
            random_state=settings.seed,
            callback=follow,
        )

    def _save(self, model: Any, *, complete: bool) -> None:
        from mho.data import write_factors

        result = {
            "relative_error": model.history_[-1]["error"],
            "iterations": self.iterations(model),
            "complete": complete,
        }
        with undisturbed():  # a second, impatient Ctrl-C would lose what the first one kept
            write_factors(self.out, model.W_, model.components_, about(self.source, self.settings, **result))
            if self.recorder is not None:
                self.recorder.save(model)
