"""Decisions about how many workers there are, and in which order they come and go. Pure."""
