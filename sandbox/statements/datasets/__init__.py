"""Datasets that SQL++ makes: declared types, keys, rows in generations of Parquet."""
