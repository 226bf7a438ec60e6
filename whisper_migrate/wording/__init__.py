"""Words for people: plurals, hidden characters, names of commands, and the two outputs."""
