"""Surrogates: what model-based searchers share. Arrays in, arrays out; they know spaces, but no study."""
