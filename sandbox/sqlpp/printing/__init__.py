"""Rows as text: one printer for each result format, plain or re-indented."""

from sandbox.sqlpp.printing.csv import csv_header
from sandbox.sqlpp.printing.rows import FORMATS, printer, row

__all__ = ["FORMATS", "csv_header", "printer", "row"]
