"""Every write of a run: what was to be written, what was answered, what is there at the end, and the verdict."""
