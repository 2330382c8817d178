"""Files to rasters: decoders for every format behind one door. No layout, no text."""
