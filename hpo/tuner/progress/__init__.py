"""A search that says how far it is: what is known, and how a terminal, a notebook and a pipe show it."""
