"""The user's function: how it is called, what it may ask, and what counts as a result."""
