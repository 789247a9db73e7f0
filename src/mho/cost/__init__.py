"""From a ledger of physical events to time and energy, and digital platforms beside it."""

from mho.cost.answer_platforms import ANSWER_PLATFORMS, AnswerPlatform
from mho.cost.answers_compared import (
    AnswersEven,
    Battery,
    Decider,
    Fleet,
    Replaced,
    answers_even,
    battery_of,
    deciders,
    fleet_of_chips,
    fleet_of_platform,
    replaced,
)
from mho.cost.answers_measured import measured_answers
from mho.cost.arithmetic import Expression, Term
from mho.cost.bill import Line, bill
from mho.cost.break_even import BreakEven, break_even
from mho.cost.calibration import calibrate
from mho.cost.chip_run import ChipRun, read_run, write_run
from mho.cost.estimate import Estimate, Part, estimate
from mho.cost.headline import CLAIMS, ENDS, Case, Claim, Verdict, cases, verdicts
from mho.cost.inference import Inference, is_inference, read_inference, write_inference
from mho.cost.inference_bill import AnswersBill, Duty, answers_bill, answers_lines, most_per_day
from mho.cost.interval import Interval
from mho.cost.measured import measured_cpu
from mho.cost.platforms import PLATFORMS, Cost, Platform, Roofline, Sustained
from mho.cost.rapl import Rapl
from mho.cost.rewriting import drift_or_update, rewrites
from mho.cost.sensitivity import Curve, Swing, ports_curve, precision_curve, pulse_curve, solvers_curve, tornado
from mho.cost.technology import Number, Technology, technologies, technology
from mho.cost.uses import USES, Use
from mho.cost.work import Work, answer_work, product_work, sweep_work
from mho.cost.workload import WHY_NOT_WIDER, WORKLOADS, Workload, sweep_ledger
from mho.cost.writing import PORTS
from mho.moved import moved

__all__ = [
    "ANSWER_PLATFORMS",
    "CLAIMS",
    "ENDS",
    "PLATFORMS",
    "PORTS",
    "USES",
    "WHY_NOT_WIDER",
    "WORKLOADS",
    "AnswerPlatform",
    "AnswersBill",
    "AnswersEven",
    "Battery",
    "BreakEven",
    "Case",
    "ChipRun",
    "Claim",
    "Cost",
    "Curve",
    "Decider",
    "Duty",
    "Estimate",
    "Expression",
    "Fleet",
    "Inference",
    "Interval",
    "Line",
    "Number",
    "Part",
    "Platform",
    "Rapl",
    "Replaced",
    "Roofline",
    "Sustained",
    "Swing",
    "Technology",
    "Term",
    "Use",
    "Verdict",
    "Work",
    "Workload",
    "answer_work",
    "answers_bill",
    "answers_even",
    "answers_lines",
    "battery_of",
    "bill",
    "break_even",
    "calibrate",
    "cases",
    "deciders",
    "drift_or_update",
    "estimate",
    "fleet_of_chips",
    "fleet_of_platform",
    "is_inference",
    "measured_answers",
    "measured_cpu",
    "most_per_day",
    "ports_curve",
    "precision_curve",
    "product_work",
    "pulse_curve",
    "read_inference",
    "read_run",
    "replaced",
    "rewrites",
    "solvers_curve",
    "sweep_ledger",
    "sweep_work",
    "technologies",
    "technology",
    "tornado",
    "verdicts",
    "write_inference",
    "write_run",
]

__getattr__ = moved(__name__)
