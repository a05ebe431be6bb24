"""Synthetic conversations: one module a family of skills, each with `SKILLS`."""
