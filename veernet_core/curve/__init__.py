"""Posterior to log: tracing, physical values, confidence, quality and overlays. Never sees a page or torch."""
