"""Catalogs that earlier runs have replayed, kept with everything that they depend on."""
