"""Results as one page for a browser: complete without a script, without a network, on paper."""
