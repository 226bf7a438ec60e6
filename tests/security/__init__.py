"""Roles, files and texts that are hostile: none of their code runs with our rights, and nothing secret is shown."""
