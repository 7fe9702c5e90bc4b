"""SQL in, a complete result out, in the format asked for."""

from sandbox.query.queries import Queries, Result

__all__ = ["Queries", "Result"]
