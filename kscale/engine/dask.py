"""The engine that hands tasks to Dask distributed: a cluster at an address, or one started here."""
