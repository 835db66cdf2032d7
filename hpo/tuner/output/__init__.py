"""What the trials of a search print: on the screen, above what is drawn there, and in files."""
