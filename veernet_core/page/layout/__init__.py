"""Rasters to geometry: sections, tracks, borders, grid lines. No text."""
