"""Generated rows: make rows that a schema accepts, and compare them before and after a revision."""
