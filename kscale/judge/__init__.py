"""What changed between two results, and how sure that is."""
