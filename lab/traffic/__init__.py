"""Visitors of the site: what they write, and whether it is still there."""
