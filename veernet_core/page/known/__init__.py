"""What people and indexes give for a scan: the sidecar, and how it is completed by reading."""
