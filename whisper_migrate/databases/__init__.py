"""Databases: which one is meant, how to reach it, and throwaway ones."""
