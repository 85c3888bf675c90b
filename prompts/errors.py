"""What can be wrong with a prompt, as data: parameter, given, allowed, suggestion.

The words for people live in `bot.errors`.
"""


class PromptError(ValueError):
    """The text is not a prompt. Fields that do not apply are None.

    Attributes:
        parameter: canonical name without dashes ("seed"), or the unknown name as typed, lower case.
        given: the value as typed, cut to 100 characters.
        allowed: the accepted values in the notation of `Parameter.allowed`, such as "1..100".
        suggestion: what was probably meant, canonical and without dashes.
    """

    def __init__(
        self,
        *,
        parameter: str | None = None,
        given: str | None = None,
        allowed: str | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.parameter = parameter
        self.given = None if given is None else given[:100]
        self.allowed = allowed
        self.suggestion = suggestion
        super().__init__(parameter, self.given, allowed, suggestion)


class EmptyPrompt(PromptError):
    """Nothing is left once the parameters are taken out."""


class PromptTooLong(PromptError):
    """The text has `length` characters, more than `limit`."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(given=str(length), allowed=f"1..{limit}")
        self.length = length
        self.limit = limit


class UnknownParameter(PromptError):
    """No parameter is called `name`; `nearest` is the closest one that exists, or None."""

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(parameter=name[:100], suggestion=nearest)
        self.name = name[:100]
        self.nearest = nearest


class BadValue(PromptError):
    """The value is of the wrong kind or outside of its range; an `allowed` of "" is a parameter that takes none."""

    def __init__(self, parameter: str, given: str, allowed: str, suggestion: str | None = None) -> None:
        super().__init__(parameter=parameter, given=given, allowed=allowed, suggestion=suggestion)


class MissingValue(PromptError):
    """The parameter stands without a value."""

    def __init__(self, parameter: str, allowed: str) -> None:
        super().__init__(parameter=parameter, allowed=allowed)


class RepeatedParameter(PromptError):
    """The parameter is given twice, so it is unclear which value counts; `aliases` are its other names."""

    def __init__(self, parameter: str, aliases: tuple[str, ...] = ()) -> None:
        super().__init__(parameter=parameter)
        self.aliases = aliases


class Conflict(PromptError):
    """`parameter` and `other` cannot both hold."""

    def __init__(self, parameter: str, other: str) -> None:
        super().__init__(parameter=parameter, suggestion=other)
        self.other = other


class Needless(PromptError):
    """`parameter` changes something that is not there: it needs `other` beside it (for `given`, where it names one)."""

    def __init__(self, parameter: str, other: str, given: str | None = None) -> None:
        super().__init__(parameter=parameter, suggestion=other, given=given)
        self.other = other


class NearlyParameter(PromptError):
    """`given` reads as words, but was probably meant as the parameter `parameter`: a space or a dash is wrong."""

    def __init__(self, given: str, parameter: str) -> None:
        super().__init__(given=given, parameter=parameter)


class MisplacedImage(PromptError):
    """The address `given` stands among the words; pictures come before all of them."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class UnfinishedTag(PromptError):
    """A `<lora:` without its `>`."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class UnfinishedQuote(PromptError):
    """A quotation mark in the words without its other one, beside a name that needs quotation marks itself."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class BadWeights(PromptError):
    """The weights of a multi-prompt add up to `given`, which is not more than 0."""

    def __init__(self, total: float) -> None:
        super().__init__(given=f"{total:g}")


class StrayWeight(PromptError):
    """A weight without words before it, or apart from its `::`."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class TooMany(PromptError):
    """More of something than there may be; `parameter` is what: "text", "image", "lora", "job", "brace"."""

    def __init__(self, parameter: str, count: int, limit: int) -> None:
        # A count of thousands of digits comes from a few hundred braces.
        super().__init__(parameter=parameter, given=str(min(count, 10**9)), allowed=f"1..{limit}")
        self.count = count
        self.limit = limit


class UnbalancedBraces(PromptError):
    """A `{` without its `}`, or a `}` without its `{`; `given` is the text from there."""

    def __init__(self, given: str) -> None:
        super().__init__(given=given)
