"""Keeps SQLAlchemy models, Alembic revisions and PostgreSQL databases in agreement, or says which of them is wrong."""

__version__ = "0.1.0"
