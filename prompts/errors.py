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
    """The value is of the wrong kind or outside of its range."""

    def __init__(self, parameter: str, given: str, allowed: str) -> None:
        super().__init__(parameter=parameter, given=given, allowed=allowed)


class MissingValue(PromptError):
    """The parameter stands without a value."""

    def __init__(self, parameter: str, allowed: str) -> None:
        super().__init__(parameter=parameter, allowed=allowed)


class RepeatedParameter(PromptError):
    """The parameter is given twice, so it is unclear which value counts."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter=parameter)
