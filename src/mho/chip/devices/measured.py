"""Base of the laws that were read off measured cells."""

__all__ = ["Measured"]


class Measured:
    """A law made of measured numbers that belong together: a design takes or leaves it as a whole."""
