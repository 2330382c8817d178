"""An OCR engine behind a small protocol, and reading regions of a raster with it."""
