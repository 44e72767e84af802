"""The signals that checks name, each read anew: one module for each system that is asked."""
