"""The query service inside a scope: statements run at once or as jobs, in two dialects."""

from sandbox.statements.answers import Answer
from sandbox.statements.composition import open_statements
from sandbox.statements.service import StatementService

__all__ = ["Answer", "StatementService", "open_statements"]
