"""Arctern's package of that name: styles of maps, and pictures to files."""

from . import util

__all__ = ["util"]
