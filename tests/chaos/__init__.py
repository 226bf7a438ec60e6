"""Networks, servers, poolers and other sessions that fail in the middle of a run: `make chaos`."""
