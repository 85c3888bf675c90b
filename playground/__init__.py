"""A stand-in for Discord on loopback, for trying and testing bots. It knows no bot and no bot library."""

from playground.clock import Clock, ManualClock
from playground.errors import ApiError
from playground.faults import FaultPlan
from playground.files import Upload
from playground.interaction import Interaction
from playground.offered import NotOffered
from playground.person import Person
from playground.refusals import Refusal
from playground.server import Playground

__all__ = [
    "ApiError",
    "Clock",
    "FaultPlan",
    "Interaction",
    "ManualClock",
    "NotOffered",
    "Person",
    "Playground",
    "Refusal",
    "Upload",
]
