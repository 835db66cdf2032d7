"""What typer reads: a file for the commands of a kind. What they need is imported when they run."""
