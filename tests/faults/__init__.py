"""A wire on which things go wrong, between an operator and a real API server."""
