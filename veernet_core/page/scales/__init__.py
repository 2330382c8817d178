"""Scale blocks to curve specs: names, units, values at the borders."""
