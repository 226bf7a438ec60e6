"""Kill an upgrade or its server at random moments: `make torture`."""
