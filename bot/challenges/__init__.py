"""Contests in the running bot: the clock that drives them, who may take part with what, and pictures without a name."""

from bot.challenges.driving import Challenges

__all__ = ["Challenges"]
