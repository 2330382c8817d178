"""When and where work happens: the Prefect flows, the local runner and the command line.

Importing this package never imports Prefect; ``flows.archive.batch`` does.
"""
