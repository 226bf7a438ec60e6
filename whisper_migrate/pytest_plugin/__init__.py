"""The plug-in of pytest: tests of the history, and fixtures with migrated databases."""
