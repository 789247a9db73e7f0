"""The engine protocol, program once and solve many, and the engines: digital, analogue, hybrid, refined."""

from mho.engines.analog import Analog
from mho.engines.digital import Digital
from mho.engines.engine import Engine, Penalty, Programmed, as_factor
from mho.engines.hybrid import Hybrid
from mho.engines.refined import Refined
from mho.engines.refinement import Refinement
from mho.engines.select import engine_for, names
from mho.engines.solve import nnls
from mho.engines.square import SquareSolution, solve_square
from mho.operands import Dense, Sparse

__all__ = [
    "Analog",
    "Dense",
    "Digital",
    "Engine",
    "Hybrid",
    "Penalty",
    "Programmed",
    "Refined",
    "Refinement",
    "Sparse",
    "SquareSolution",
    "as_factor",
    "engine_for",
    "names",
    "nnls",
    "solve_square",
]
