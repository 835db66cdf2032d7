"""Adapters by which a framework's own training loop takes part in a search, and other tools watch it.

One module each; import the one you need, such as `from hpo.integrations.keras import Report`.
"""
