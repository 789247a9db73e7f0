"""From a ledger of physical events to time and energy, and digital platforms beside it."""

from mho.cost.arithmetic import Factor, Sum
from mho.cost.estimate import Estimate, Part, estimate
from mho.cost.platforms import PLATFORMS, Platform, Roofline
from mho.cost.range import Range
from mho.cost.technology import Number, Technology, technologies, technology
from mho.cost.work import Work, sweep_work
from mho.cost.workload import WORKLOADS, Workload, sweep_ledger

__all__ = [
    "PLATFORMS",
    "WORKLOADS",
    "Estimate",
    "Factor",
    "Number",
    "Part",
    "Platform",
    "Range",
    "Roofline",
    "Sum",
    "Technology",
    "Work",
    "Workload",
    "estimate",
    "sweep_ledger",
    "sweep_work",
    "technologies",
    "technology",
]
