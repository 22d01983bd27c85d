"""What measures: a file for each kind of row. A probe measures once, and leaves the lab as it found it."""
