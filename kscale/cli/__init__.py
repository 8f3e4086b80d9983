"""The command line: one thin door to each room."""
