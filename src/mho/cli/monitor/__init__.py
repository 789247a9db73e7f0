"""`mho monitor`: commands about machines, one file each."""

from __future__ import annotations

from cyclopts import App

from mho.cli.monitor.evaluate import evaluate
from mho.cli.monitor.explain import explain
from mho.cli.monitor.export import export
from mho.cli.monitor.learn import EXAMPLES, learn
from mho.cli.monitor.replay import replay
from mho.cli.monitor.run import EXAMPLES as RUN_EXAMPLES
from mho.cli.monitor.run import run

__all__ = ["monitor"]

monitor = App(name="monitor", help="Learn a healthy machine, and raise alarms at the false-alarm rate that you choose.")
monitor.command(learn, help_epilogue=EXAMPLES)
monitor.command(run, help_epilogue=RUN_EXAMPLES)
monitor.command(replay)
monitor.command(evaluate, name="eval")
monitor.command(explain)
monitor.command(export)
