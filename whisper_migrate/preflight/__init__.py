"""Preflight: find what pending revisions would do to a real database, which is only read."""
