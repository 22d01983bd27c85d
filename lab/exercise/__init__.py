"""Exercises: what a learner is asked to do, the state it begins in, and the checks that look at the real machines."""
