"""Shared by the commands: arguments, output, JSON documents, and completion in shells."""
