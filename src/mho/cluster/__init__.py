"""Clusters of samples or of a graph's vertices by symmetric NMF, on any engine."""

from mho.cluster.graph import neighbor_graph
from mho.cluster.symmetric import SymNMF

__all__ = ["SymNMF", "neighbor_graph"]
