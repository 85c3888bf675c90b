"""The prompt language: text with `--parameters` to typed values and back.

Pure text work: knows no rows, no pixels, no Discord.
"""

from prompts.aspects import Aspect, parse_aspect, size_for
from prompts.errors import (
    BadValue,
    BadWeights,
    Conflict,
    EmptyPrompt,
    MisplacedImage,
    MissingValue,
    NearlyParameter,
    Needless,
    PromptError,
    PromptTooLong,
    RepeatedParameter,
    StrayWeight,
    TooMany,
    UnbalancedBraces,
    UnfinishedQuote,
    UnfinishedTag,
    UnknownParameter,
)
from prompts.formatter import format
from prompts.parameters import PARAMETERS, Parameter
from prompts.parser import acting, check, parse, spelt_out
from prompts.permutations import LIMIT, expand
from prompts.prompt import Address, Block, Blocks, Code, Lora, Part, Prompt, Ramp, Ramps
from prompts.words import clean

__all__ = [
    "LIMIT",
    "PARAMETERS",
    "Address",
    "Aspect",
    "BadValue",
    "BadWeights",
    "Block",
    "Blocks",
    "Code",
    "Conflict",
    "EmptyPrompt",
    "Lora",
    "MisplacedImage",
    "MissingValue",
    "NearlyParameter",
    "Needless",
    "Parameter",
    "Part",
    "Prompt",
    "PromptError",
    "PromptTooLong",
    "Ramp",
    "Ramps",
    "RepeatedParameter",
    "StrayWeight",
    "TooMany",
    "UnbalancedBraces",
    "UnfinishedQuote",
    "UnfinishedTag",
    "UnknownParameter",
    "acting",
    "check",
    "clean",
    "expand",
    "format",
    "parse",
    "parse_aspect",
    "size_for",
    "spelt_out",
]
