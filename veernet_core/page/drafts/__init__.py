"""What was read, written for a person to correct: draft sidecar and pictures."""
