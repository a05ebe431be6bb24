"""Measures DESIGN's speed budget: direct, nginx and Penstock in turn, in one run, on one upstream; prints ratios."""
