"""Databases: find the configured one, connect to it, and create throwaway ones."""

QUERIES = "WHISPER_SHOW_QUERIES"  # the environment variable that permits showing the queries of other sessions
