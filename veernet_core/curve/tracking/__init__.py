"""Posterior to traces: shortest paths, the curves of a track jointly, wraps and backup scales."""
