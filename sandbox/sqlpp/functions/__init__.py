"""The built-in functions: a name gives a function, a function takes values and gives one."""
