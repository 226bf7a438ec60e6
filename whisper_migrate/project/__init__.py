"""Project settings, Alembic folders and env.py, ignored objects, and the models as declared."""
