"""The import names that Arctern's users have in their notebooks."""
