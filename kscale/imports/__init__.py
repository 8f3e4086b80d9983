"""A real cluster or a trace to a scenario: one file per format, then one scenario of them all."""
