"""Networks, servers, poolers and other sessions that fail during a run: `make chaos`."""
