"""The worker: the one part of the engine that knows rows."""

from engine.worker.worker import Draws, Listener, Worker

__all__ = ["Draws", "Listener", "Worker"]
