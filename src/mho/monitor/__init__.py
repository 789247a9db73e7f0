"""Condition monitoring: a machine's healthy state learned, alarms at a chosen false-alarm rate, and why."""

from mho.monitor.alarms import Alarm
from mho.monitor.evaluate import Table, evaluate
from mho.monitor.explain import Bearing, Explanation
from mho.monitor.monitor import LearnReport, Monitor, Result
from mho.monitor.rate import RateError
from mho.monitor.recording import Channel, Recording

__all__ = [
    "Alarm",
    "Bearing",
    "Channel",
    "Explanation",
    "LearnReport",
    "Monitor",
    "RateError",
    "Recording",
    "Result",
    "Table",
    "evaluate",
]
