"""Queries over tables as Spark plans: a closed list of constructs with the interpreter's meaning.

What is not on the list is `NotTranslated`, and the interpreter runs the query.
"""
