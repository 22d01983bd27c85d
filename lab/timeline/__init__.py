"""One event format of runs, loads and scaling, and the one place that draws it."""
