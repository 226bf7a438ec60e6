"""Read the catalog of a database: every object, its dependencies and its owner."""
