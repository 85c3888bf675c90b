"""The prompt language: text with `--parameters` to typed values and back.

Pure text work: knows no rows, no pixels, no Discord.
"""

from prompts.aspects import Aspect, parse_aspect, size_for
from prompts.errors import (
    BadValue,
    EmptyPrompt,
    MissingValue,
    PromptError,
    PromptTooLong,
    RepeatedParameter,
    UnknownParameter,
)
from prompts.formatter import format
from prompts.parameters import PARAMETERS, Parameter
from prompts.parser import LIMIT, clean, parse
from prompts.prompt import Prompt

__all__ = [
    "LIMIT",
    "PARAMETERS",
    "Aspect",
    "BadValue",
    "EmptyPrompt",
    "MissingValue",
    "Parameter",
    "Prompt",
    "PromptError",
    "PromptTooLong",
    "RepeatedParameter",
    "UnknownParameter",
    "clean",
    "format",
    "parse",
    "parse_aspect",
    "size_for",
]
