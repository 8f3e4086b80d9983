"""One module per optimization, all of one shape."""
