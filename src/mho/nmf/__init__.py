"""Non-negative matrix factorization: the estimator, the alternating loop, starting factors."""

from mho.nmf.advice import Advice, advise
from mho.nmf.annotated import fit_anndata, transform_anndata
from mho.nmf.as_json import from_json, to_json
from mho.nmf.blocks import BlockFit, fit_blocks
from mho.nmf.component_count import select
from mho.nmf.consensus import Consensus, consensus
from mho.nmf.cp import CP
from mho.nmf.estimator import NMF
from mho.nmf.selection import Selection
from mho.nmf.starts import Starts, many_starts

__all__ = [
    "CP",
    "NMF",
    "Advice",
    "BlockFit",
    "Consensus",
    "Selection",
    "Starts",
    "advise",
    "consensus",
    "fit_anndata",
    "fit_blocks",
    "from_json",
    "many_starts",
    "select",
    "to_json",
    "transform_anndata",
]
