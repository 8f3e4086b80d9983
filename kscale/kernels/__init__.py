"""Compiled code: arrays in, integers out. Nothing here knows files, clocks or printing."""
