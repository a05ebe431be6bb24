"""Long runs of faults and load against a real server: `python -m soak`."""
