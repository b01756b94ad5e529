"""Pulumi's SDK beside its resources: its private parts, hooks, and calls of functions."""
