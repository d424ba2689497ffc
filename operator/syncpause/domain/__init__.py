"""The pure domain: decisions, changes, statuses and previews. It uses no HTTP, no clock and no log."""
