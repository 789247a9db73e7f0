"""The lab: a page where the chip is run and watched, alone or served with long runs as jobs."""

from mho.lab.answers import Answers
from mho.lab.page import export_page

__all__ = ["Answers", "export_page"]
