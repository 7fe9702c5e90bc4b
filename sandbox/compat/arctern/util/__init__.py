"""Pictures to files, styles of maps."""

from . import vega
from .pictures import save_png

__all__ = ["save_png", "vega"]
