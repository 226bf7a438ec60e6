"""Where a database stands: which revision it equals, what its ledger tells, and how it comes to be stamped."""
