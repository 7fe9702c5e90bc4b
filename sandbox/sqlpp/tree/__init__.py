"""The tree of a statement: one immutable node per construct, each with its place in the text.

What the parser makes is as written; the resolver makes the same kinds again with every name
replaced by a Variable, a Field of one, or a DatasetScan.
"""
