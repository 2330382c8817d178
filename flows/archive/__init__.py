"""The archive run: Prefect flows over a bucket, in chunks, with ledger, gate and report."""
