"""Midnights as another implementation of time zones sees them: Go's."""
