"""From a ledger of physical events to time and energy."""

from mho.cost.estimate import Estimate, Part, estimate
from mho.cost.technology import Technology, technologies, technology

__all__ = ["Estimate", "Part", "Technology", "estimate", "technologies", "technology"]
