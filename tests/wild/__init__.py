"""Real projects from the package index, each in an environment of its own, with this engine installed as a wheel."""
