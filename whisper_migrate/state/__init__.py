"""The state of a database: the revision that its schema equals, its drift, and the ways to a known state."""
