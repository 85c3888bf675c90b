"""The command line `atelier`: thin verbs over the parts. Heavy imports happen inside the verb that needs them."""

import logging
import sys
from collections.abc import Sequence

from bot.cli.words import reason


def main(arguments: Sequence[str] | None = None, *, default: str | None = None) -> None:
    """Run one verb and exit: 0 done, 1 not done (with the reason on one line), 2 misuse of the command line.

    Args:
        arguments: without the program's name; the process's own when None.
        default: the verb when none is given.
    """
    from bot.cli.app import app

    given = list(sys.argv[1:] if arguments is None else arguments)
    names_verb = given and (not given[0].startswith("-") or given[0] in ("--help", "--version"))
    if default is not None and not names_verb:
        given.insert(0, default)
    try:
        app(given, prog_name="atelier")
    except Exception as error:
        words = reason(error)
        if words is None:
            raise
        logging.getLogger(__name__).debug("The whole story:", exc_info=error)
        print(f"atelier: {words}", file=sys.stderr)
        sys.exit(1)
