"""Running revisions on a database that people use: one run at a time, and nothing that waits for long."""
