"""The variables of Keras' layers in the canonical layout, out of them and into them."""

from hpo.checkpoints.keras_layout import canonical_state, load_canonical_state

__all__ = ["canonical_state", "load_canonical_state"]
