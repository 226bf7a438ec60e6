"""The model of a schema: its objects, how SQL and people name them, and the statements about them."""
