"""Measuring: interleaved runs, medians with their intervals, and what the computer was doing meanwhile."""
