"""Pixels to geometry: raster decoding, sidecars, ink separation and rectification. No network, no curves."""
