"""Generated rows: those that a schema accepts, and what a revision does to them."""
