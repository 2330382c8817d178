"""Strip to posterior: network, losses, batched inference and the model bundle. Never sees a page."""
