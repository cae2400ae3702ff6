"""Implementations written from the specification texts alone, as peers of the C core: they share no code with it."""
