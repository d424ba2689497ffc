"""Glue: observe, resolve, plan, apply, report."""
