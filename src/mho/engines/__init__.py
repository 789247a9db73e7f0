"""Engines: program once, solve many; digital, analogue, hybrid, refined, torch, and any instrument behind a cable."""

from mho.engines.analog import Analog
from mho.engines.digital import Digital
from mho.engines.engine import Engine, Penalty, Programmed, as_factor, check_rhs
from mho.engines.hybrid import CheckedAnswers, Hybrid, close_ranks, near_limit
from mho.engines.instrument import Instrument
from mho.engines.laws import LawBroken, check_engine
from mho.engines.refined import Refined
from mho.engines.refinement import Refinement
from mho.engines.select import engine_for, names
from mho.engines.solve import nnls
from mho.engines.square import SquareSolution, solve_square
from mho.engines.torch import Torch
from mho.operands import Dense, Sparse

__all__ = [
    "Analog",
    "CheckedAnswers",
    "Dense",
    "Digital",
    "Engine",
    "Hybrid",
    "Instrument",
    "LawBroken",
    "Penalty",
    "Programmed",
    "Refined",
    "Refinement",
    "Sparse",
    "SquareSolution",
    "Torch",
    "as_factor",
    "check_engine",
    "check_rhs",
    "close_ranks",
    "engine_for",
    "names",
    "near_limit",
    "nnls",
    "solve_square",
]
