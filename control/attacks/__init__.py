"""What a hostile tenant would try, as values: each attack names its goal and what stops it."""
