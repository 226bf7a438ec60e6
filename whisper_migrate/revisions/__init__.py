"""Revisions as files: drafted, rendered, proved, and put on another head."""
