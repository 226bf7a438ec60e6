"""The state of a database: the revision that its schema equals, the history in its ledger, and its stamp."""
