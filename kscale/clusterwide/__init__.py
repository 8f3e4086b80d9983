"""The whole control plane on one clock."""
