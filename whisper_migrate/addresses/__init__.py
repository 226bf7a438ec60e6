"""Addresses of databases: URLs, the secrets in them, and why a server could not be reached."""
