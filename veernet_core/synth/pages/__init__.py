"""Whole scanned pages with exact geometry: the demo archive and end-to-end tests live on these.

In: a random generator and what kind of log to draw. Out: ``SyntheticPage`` (image, sidecar in the
published contract, true curves), the bytes of a TIFF, and ``demo_archive``, a small archive with
good, doubtful and hopeless scans. The pens are those of `heldout`.
Does not belong here: writing files, and anything that training uses.
"""
