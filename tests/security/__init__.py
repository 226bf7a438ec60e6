"""Hostile roles, files and texts: none of their code runs with the engine's rights, and no secret is shown."""
