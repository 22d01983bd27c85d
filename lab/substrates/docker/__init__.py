"""Docker: nodes are containers."""
