"""Contests in the running bot: what drives them, who may take part with what, and pictures without a name."""
