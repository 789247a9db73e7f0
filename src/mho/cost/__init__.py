"""From a ledger of physical events to time and energy, and digital platforms beside it."""

from mho.cost.arithmetic import Expression, Term
from mho.cost.bill import Line, bill
from mho.cost.break_even import BreakEven, break_even
from mho.cost.calibration import calibrate
from mho.cost.chip_run import ChipRun, read_run, write_run
from mho.cost.estimate import Estimate, Part, estimate
from mho.cost.headline import CLAIMS, ENDS, Case, Claim, Verdict, cases, verdicts
from mho.cost.interval import Interval
from mho.cost.measured import measured_cpu
from mho.cost.platforms import PLATFORMS, Cost, Platform, Roofline, Sustained
from mho.cost.rapl import Rapl
from mho.cost.sensitivity import Curve, Swing, ports_curve, precision_curve, pulse_curve, solvers_curve, tornado
from mho.cost.technology import Number, Technology, technologies, technology
from mho.cost.work import Work, sweep_work
from mho.cost.workload import WHY_NOT_WIDER, WORKLOADS, Workload, sweep_ledger
from mho.cost.writing import PORTS
from mho.moved import moved

__all__ = [
    "CLAIMS",
    "ENDS",
    "PLATFORMS",
    "PORTS",
    "WHY_NOT_WIDER",
    "WORKLOADS",
    "BreakEven",
    "Case",
    "ChipRun",
    "Claim",
    "Cost",
    "Curve",
    "Estimate",
    "Expression",
    "Interval",
    "Line",
    "Number",
    "Part",
    "Platform",
    "Rapl",
    "Roofline",
    "Sustained",
    "Swing",
    "Technology",
    "Term",
    "Verdict",
    "Work",
    "Workload",
    "bill",
    "break_even",
    "calibrate",
    "cases",
    "estimate",
    "measured_cpu",
    "ports_curve",
    "precision_curve",
    "pulse_curve",
    "read_run",
    "solvers_curve",
    "sweep_ledger",
    "sweep_work",
    "technologies",
    "technology",
    "tornado",
    "verdicts",
    "write_run",
]

__getattr__ = moved(__name__)
