"""Pages whose code runs: how they are read, executed, stored, and drawn with a tab for each framework."""
