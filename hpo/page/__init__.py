"""Studies as a page: the report in one file, and the same page live."""
