"""Databases: which one is meant, how to reach it, and throwaway ones."""

QUERIES = "WHISPER_SHOW_QUERIES"  # the environment variable that asks for the queries of other sessions
