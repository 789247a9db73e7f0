"""Two pictures on one page, one over the other, with a slider between."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from importlib.resources import files
from string import Template

from mho.image.codec.files import picture_bytes
from mho.image.codec.picture import Picture

__all__ = ["comparison_page"]


def comparison_page(before: Picture, after: Picture, *, names: tuple[str, str], figures: str) -> str:
    """Return an HTML page that holds both pictures and needs nothing else.

    Parameters
    ----------
    before, after : Picture
        Of one size.
    names : tuple of str
        What to call them.
    figures : str
        A line on how far they are apart.
    """
    template = Template((files("mho.image") / "compare.html").read_text())
    before_uri, after_uri = (
        "data:image/png;base64," + b64encode(picture_bytes(picture)[0]).decode() for picture in (before, after)
    )
    return template.substitute(
        before=escape(names[0]),
        after=escape(names[1]),
        figures=escape(figures),
        width=before.shape[1],
        before_uri=before_uri,
        after_uri=after_uri,
    )
