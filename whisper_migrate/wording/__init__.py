"""Words for people: plurals, and characters that a terminal would hide or obey."""
