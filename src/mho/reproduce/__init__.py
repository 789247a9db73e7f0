"""Public claims of mho, each with its command, the interval that is expected, and what is measured here and now."""

from mho.reproduce.claims import Claim, claims
from mho.reproduce.run import Outcome, reproduce

__all__ = ["Claim", "Outcome", "claims", "reproduce"]
