"""A question comes in here: YAML or a trace to a model, and the model to arrays."""
