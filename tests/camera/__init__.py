"""The camera worker."""
