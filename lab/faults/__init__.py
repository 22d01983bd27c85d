"""What can go wrong on purpose: each fault is injected, verified to have happened, and healed."""
