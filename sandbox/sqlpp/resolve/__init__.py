"""Names: what each one means, by SQL++'s scoping rules, found in one pass over the tree."""
