"""Truth to strip: curve priors, rendering and degradation of synthetic logs with exact labels."""
