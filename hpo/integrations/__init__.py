"""What lets a framework's own training loop take part in a search, and other tools look on.

One module each; import the one you need, such as `from hpo.integrations.keras import Report`.
"""
