"""Rows that a schema lets in, and what a revision does to them."""
