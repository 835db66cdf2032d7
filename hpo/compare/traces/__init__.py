"""Our own check of the backends: one step after another from the same state, recorded and held together."""
