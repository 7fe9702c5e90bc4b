"""SQL++ through the query service: programs, what their statements do, what they can read."""
