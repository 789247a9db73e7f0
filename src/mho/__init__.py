"""Non-negative matrix factorization three ways: fast digital kernels, a simulated analogue chip, and both."""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mho import camera as camera
    from mho import chip as chip
    from mho import circuits as circuits
    from mho import cluster as cluster
    from mho import cost as cost
    from mho import data as data
    from mho import decomposition as decomposition
    from mho import demo as demo
    from mho import engines as engines
    from mho import image as image
    from mho import instrument as instrument
    from mho import journal as journal
    from mho import kernels as kernels
    from mho import lab as lab
    from mho import monitor as monitor
    from mho import nmf as nmf
    from mho import operands as operands
    from mho import recommend as recommend
    from mho import reproduce as reproduce
    from mho import signatures as signatures
    from mho import sound as sound
    from mho import spice as spice
    from mho import sweep as sweep
    from mho import topics as topics
    from mho import torch as torch
    from mho.camera import Camera as Camera
    from mho.chip import Chip as Chip
    from mho.chip import ChipError as ChipError
    from mho.engines import Analog as Analog
    from mho.engines import Digital as Digital
    from mho.engines import Engine as Engine
    from mho.engines import Hybrid as Hybrid
    from mho.engines import Penalty as Penalty
    from mho.engines import Refined as Refined
    from mho.engines import Sparse as Sparse
    from mho.engines import nnls as nnls
    from mho.monitor import Monitor as Monitor
    from mho.nmf import NMF as NMF
    from mho.nmf import advise as advise
    from mho.nmf import consensus as consensus
    from mho.nmf import fit_blocks as fit_blocks
    from mho.nmf import many_starts as many_starts
    from mho.nmf import select as select
    from mho.recommend import Recommender as Recommender

__version__ = _version("mho")

_HOMES = {
    "Analog": "mho.engines",
    "Camera": "mho.camera",
    "Chip": "mho.chip",
    "ChipError": "mho.chip",
    "Digital": "mho.engines",
    "Engine": "mho.engines",
    "Hybrid": "mho.engines",
    "Monitor": "mho.monitor",
    "NMF": "mho.nmf",
    "Penalty": "mho.engines",
    "Recommender": "mho.recommend",
    "Refined": "mho.engines",
    "Sparse": "mho.engines",
    "advise": "mho.nmf",
    "consensus": "mho.nmf",
    "fit_blocks": "mho.nmf",
    "many_starts": "mho.nmf",
    "nnls": "mho.engines",
    "select": "mho.nmf",
}
"""Where each public name is defined; imported when first used, so that ``import mho`` is quick."""

__all__ = [
    "NMF",
    "Analog",
    "Camera",
    "Chip",
    "ChipError",
    "Digital",
    "Engine",
    "Hybrid",
    "Monitor",
    "Penalty",
    "Recommender",
    "Refined",
    "Sparse",
    "__version__",
    "advise",
    "consensus",
    "fit_blocks",
    "many_starts",
    "nnls",
    "select",
]


_PACKAGES = frozenset(
    (
        "camera",
        "chip",
        "circuits",
        "cluster",
        "cost",
        "data",
        "decomposition",
        "demo",
        "engines",
        "image",
        "instrument",
        "journal",
        "kernels",
        "lab",
        "monitor",
        "nmf",
        "operands",
        "recommend",
        "reproduce",
        "signatures",
        "sound",
        "spice",
        "sweep",
        "topics",
        "torch",
    )
)
"""Imported when first used, as ``mho.cost``."""


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"mho.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mho' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
