"""What a resolved query means: its tree becomes closures once, and those make the rows."""
