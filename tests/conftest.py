from __future__ import annotations

from hypothesis import settings

# Nothing is timed in a test: an example may take as long as a busy machine needs.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
