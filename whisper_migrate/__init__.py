"""Keeps SQLAlchemy models, Alembic revisions and PostgreSQL databases in agreement, or says which of them is wrong."""
