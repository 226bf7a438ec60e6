"""Kills of an upgrade and of its server, at random moments: `make torture`."""
