"""`Prompt` to text, in the parser's own language: `parse(format(prompt)) == prompt`."""

from prompts import references, weights
from prompts.parameters import PARAMETERS
from prompts.prompt import Prompt


def format(prompt: Prompt) -> str:
    """The prompt as a person would type it: addresses, the text, then the parameters that were given, by their names.

    The round trip holds for every prompt that `parse` returned, and for every one whose text and lists hold no
    parameter and no stray spaces.
    """
    pieces = [references.write_address(image) for image in prompt.images]
    pieces.append(weights.join(prompt.text, prompt.parts))
    for parameter in PARAMETERS:
        value = getattr(prompt, parameter.field)
        if value is None or value is False or value == ():
            continue
        # Each LoRA is a parameter of its own; things and styles share one.
        each = [(one,) for one in value] if parameter.many and parameter.name.startswith("lora") else [value]
        pieces.extend(f"--{parameter.name} {parameter.write(one)}".rstrip() for one in each)
    return " ".join(pieces)
