"""Published figures beside what kscale gives for them."""
