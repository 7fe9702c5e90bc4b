"""SQL++: lexer, parser, names, and the interpreter that says what a query means."""
