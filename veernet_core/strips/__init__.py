"""Geometry to strips: rectification, ink of one colour, checks of borders and depth lines."""
