"""Policies good and bad, as a person would write them: one table for the API server and for the models."""
