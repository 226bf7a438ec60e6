"""Whether the program of one release works on the schema of another one."""
