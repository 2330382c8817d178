"""Commands that fit and measure: every published number comes from one of these."""
