"""Where the cells of a sweep run: processes of this machine, a shard of them, a Dask cluster."""
