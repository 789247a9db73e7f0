"""Topics of texts by NMF on any engine: words, labels, mixtures of new documents, coherence."""

from mho.topics.coherence import c_v, diversity, npmi
from mho.topics.estimator import Topics

__all__ = ["Topics", "c_v", "diversity", "npmi"]
