"""Two demonstrations on real data, a photograph and film ratings, on every engine, and a report of one HTML file."""

from mho.demo.measure import measure
from mho.demo.plan import Plan, Progress
from mho.demo.report import write
from mho.demo.results import PhotoResults, RatingResults, Results, Run
from mho.demo.run import run
from mho.demo.summary import figures, summary

__all__ = [
    "PhotoResults",
    "Plan",
    "Progress",
    "RatingResults",
    "Results",
    "Run",
    "figures",
    "measure",
    "run",
    "summary",
    "write",
]
