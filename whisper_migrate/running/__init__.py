"""Run revisions on a database that is in use: one run at a time, with no long wait for a lock."""
