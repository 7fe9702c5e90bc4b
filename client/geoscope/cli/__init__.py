"""The command `geoscope`."""

from geoscope.cli.main import app, commands

__all__ = ["app", "commands"]
