"""Variants of the user's own: loaded when named, checked like ours, run beside them."""
