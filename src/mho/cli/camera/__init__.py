"""`mho camera`: commands about fixed cameras, one file each."""

from __future__ import annotations

from cyclopts import App

from mho.cli.camera.evaluate import evaluate
from mho.cli.camera.learn import EXAMPLES, learn
from mho.cli.camera.make_benchmark import make_benchmark
from mho.cli.camera.run import run

__all__ = ["camera"]

camera = App(name="camera", help="Keep the clips of a fixed camera in which something is to be seen, forget the rest.")
camera.command(learn, help_epilogue=EXAMPLES)
camera.command(run)
camera.command(evaluate, name="eval")
camera.command(make_benchmark)
