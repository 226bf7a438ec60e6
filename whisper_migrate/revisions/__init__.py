"""Revisions as files: drafted, rendered, proved, rebased and squashed."""
