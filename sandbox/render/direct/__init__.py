"""Maps' columns without Spark's execution, for plans that are understood to the last node."""
