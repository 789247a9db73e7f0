"""The part of the report on the film ratings."""

from __future__ import annotations

from mho.demo.chart import Axis, Curve, chart
from mho.demo.markup import difference, quantity, table
from mho.demo.results import RatingResults, Results
from mho.demo.sections import NAMES, cost_table, writing_share

__all__ = ["fields"]


def fields(results: Results) -> dict[str, str]:
    """Return the pieces of the page by name."""
    ratings = results.ratings
    return {
        "ratings_text": _introduction(ratings),
        "ratings_chart": _chart(ratings),
        "ratings_quality": _quality(ratings),
        "ratings_cost": cost_table("Film ratings: time and energy", ratings.runs),
        "ratings_losses": _losses(results),
    }


def _introduction(r: RatingResults) -> str:
    return (
        f"{r.n_train:,} ratings, half a star to five, of {r.n_items:,} films by {r.n_users:,} people are known; "
        f"{r.n_test:,} more were held out at random and are predicted. A prediction is an offset of the person, one of "
        f"the film, and the product of {r.n_components} factors each, all non-negative. A film that a person has not "
        "rated takes no part: on the chip the word line of its row is off. The baseline is offsets alone, with the "
        "settings of the Surprise library and with better ones; those and the model’s were chosen on a split inside "
        "training ratings. This predicts ratings; the same factors make a poor list of the ten best films."
    )


def _chart(r: RatingResults) -> str:
    iterations = range(1, max(len(run.curve) for run in r.runs) + 1)
    curves = [Curve(NAMES[run.engine], range(1, len(run.curve) + 1), run.curve, run.engine) for run in r.runs]
    styles = ("other", "tuned")
    for (name, rmse), style in zip(r.baselines, styles, strict=True):
        curves.append(Curve(name, (iterations[0], iterations[-1]), (rmse, rmse), style))
    heights = [y for curve in curves for y in curve.y]
    ends = "; ".join(f"{curve.label} ends at {curve.y[-1]:.3f}" for curve in curves)
    y = Axis("Held-out RMSE, stars", min(heights) - 0.002, max(heights) + 0.002, form=".3f")
    x = Axis("Iteration", iterations[0], iterations[-1])
    return chart(curves, x, y, f"Held-out error by iteration. {ends}.")


def _quality(r: RatingResults) -> str:
    best = min(rmse for _, rmse in r.baselines)
    rows = [(name, "–", f"{rmse:.4f}", f"{difference(rmse - best)}") for name, rmse in r.baselines]
    rows += [(NAMES[x.engine], str(len(x.curve)), f"{x.score:.4f}", f"{difference(x.score - best)}") for x in r.runs]
    header = "Engine", "Iterations", "Held-out RMSE, stars", "Against the better offsets"
    return table(f"Film ratings: quality at rank {r.n_components}", header, rows)


def _losses(results: Results) -> str:
    digital, analog, hybrid = results.ratings.runs
    assert analog.chip is not None
    return (
        "Where the chip loses: against the digital engine’s, its error alone differs by "
        f"{difference(analog.score - digital.score)} stars, and by {difference(hybrid.score - digital.score)} with "
        f"{results.passes} digital passes at the end. The chip alone needs "
        f"{quantity(analog.chip.seconds.typical, 's')} in the model, this computer "
        f"{quantity(digital.digital_seconds, 's')}; {writing_share(analog)}. Most films have few ratings, so that "
        "most of what is written is hardly used."
    )
