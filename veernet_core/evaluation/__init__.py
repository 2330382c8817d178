"""Judging models and page reading against truth. Not on the path of the product, but for the canary."""
