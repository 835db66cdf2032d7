"""The command `hpo`. One file for each subcommand; what they need is imported when they run."""
