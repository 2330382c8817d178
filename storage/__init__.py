"""Bytes to objects and back: object stores, the ledger, and the writers of LAS, CSV and Parquet.

No science and no orchestration here: it is called by ``flows`` and calls ``veernet_core``.
"""
