"""The engine inside plain Alembic: its autogenerate, its commands through env.py, and its bookkeeping tables."""
