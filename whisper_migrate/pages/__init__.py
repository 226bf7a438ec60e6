"""Pages about a schema for people to read: a folder of HTML, Markdown for a repository, and a report of drift."""
