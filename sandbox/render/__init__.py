"""Maps: rows of SQL to pixels, by pure stages over arrays."""
