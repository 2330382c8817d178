"""The training spine: draw strips, fit the network, judge it on drawings it has not seen.

Read ``fit`` first. The held-out renderer is never imported from here.
"""
