"""The Alembic history: its revisions, and databases in which they are replayed."""
