"""Pixels: models, the device thread, pictures on disk. Knows no Discord; only `engine.worker` knows rows."""
