"""Drawn print among rules, ticks, hatching, curves and dirt, with the exact place of its ink."""
