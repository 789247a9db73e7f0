"""`mho recommend`: commands about recommenders, one file each."""

from __future__ import annotations

from cyclopts import App

from mho.cli.recommend.add_items import EXAMPLES as ADD_EXAMPLES
from mho.cli.recommend.add_items import add_items
from mho.cli.recommend.bench import EXAMPLES as BENCH_EXAMPLES
from mho.cli.recommend.bench import bench
from mho.cli.recommend.evaluate import evaluate
from mho.cli.recommend.export import export
from mho.cli.recommend.fit import EXAMPLES, fit
from mho.cli.recommend.fold_in import fold_in
from mho.cli.recommend.look import look
from mho.cli.recommend.resume import resume
from mho.cli.recommend.scale import EXAMPLES as SCALE_EXAMPLES
from mho.cli.recommend.scale import scale
from mho.cli.recommend.serve import serve
from mho.cli.recommend.top import top
from mho.cli.recommend.tune import tune

__all__ = ["recommend"]

recommend = App(name="recommend", help="Predict ratings and recommend items, from tables of user, item and rating.")
recommend.command(look)
recommend.command(fit, help_epilogue=EXAMPLES)
recommend.command(resume)
recommend.command(top)
recommend.command(fold_in)
recommend.command(add_items, help_epilogue=ADD_EXAMPLES)
recommend.command(evaluate, name="eval")
recommend.command(bench, help_epilogue=BENCH_EXAMPLES)
recommend.command(tune)
recommend.command(export)
recommend.command(serve)
recommend.command(scale, help_epilogue=SCALE_EXAMPLES)
