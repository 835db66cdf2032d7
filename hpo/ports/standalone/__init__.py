"""The recorder: one file that is copied to where the original still runs."""
