"""SQL in, a complete result out, in the format asked for."""

from sandbox.query.queries import Queries
from sandbox.query.results import Result

__all__ = ["Queries", "Result"]
