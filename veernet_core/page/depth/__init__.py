"""Printed depth numbers and depth lines to the depth axis of a section."""
