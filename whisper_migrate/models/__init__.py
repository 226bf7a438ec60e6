"""The models as a database: made on a shadow, compiled, and traced to their source lines."""
