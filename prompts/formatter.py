"""`Prompt` to text, in the parser's own language: `parse(format(prompt)) == prompt`."""

from prompts.parameters import PARAMETERS
from prompts.prompt import Prompt


def format(prompt: Prompt) -> str:
    """The prompt as a person would type it: the text, then the parameters that were given, by canonical name.

    The round trip holds for every prompt that `parse` returned, and for every one whose text and lists hold no
    parameter and no stray spaces.
    """
    parts = [prompt.text]
    for parameter in PARAMETERS:
        value = getattr(prompt, parameter.field)
        if value not in (None, ()):
            parts.append(f"--{parameter.name} {parameter.write(value)}")
    return " ".join(parts)
