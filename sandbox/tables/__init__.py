"""Tables of a scope: loading, saving, and a catalog that outlives the JVM."""

from sandbox.tables.tables import Tables

__all__ = ["Tables"]
