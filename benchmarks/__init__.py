"""Figures of speed and memory beside the bars they must reach: `make bench`."""
