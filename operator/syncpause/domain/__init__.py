"""The pure domain: calendar, governance, plans, status. It knows no HTTP and no clock."""
