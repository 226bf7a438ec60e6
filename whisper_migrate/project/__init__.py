"""A project: its settings, its Alembic folders and env.py, and the models that it declares."""
