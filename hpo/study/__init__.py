"""What is known of a search: its log in memory, the fold of the log, the view of it, and the only writer."""
