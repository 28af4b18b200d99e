"""The language of expressions: characters, tokens, names, functions, and how each is refused."""
