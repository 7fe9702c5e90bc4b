"""Recursive descent over the tokens: each layer adds the rules of one kind of construct."""
