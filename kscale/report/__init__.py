"""Finished records drawn: tables and pictures."""
