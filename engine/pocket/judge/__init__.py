"""The judge: tells from a picture alone what is in it, to measure the pocket model and to compare pictures."""

from .judging import FINDING, NAMING, WEIGHTS, Judge, UnfitPicture
from .reading import Reading, Seen, Verdict, related, relation, verdict

__all__ = [
    "FINDING",
    "NAMING",
    "WEIGHTS",
    "Judge",
    "Reading",
    "Seen",
    "UnfitPicture",
    "Verdict",
    "related",
    "relation",
    "verdict",
]
