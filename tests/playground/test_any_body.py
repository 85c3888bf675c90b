"""Whatever JSON a bot sends, the checks refuse it in Discord's words or take it: they never break."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground import ApiError, command_rules, drafts, modals
from playground.errors import Problems
from playground.uploads import Body

# fmt: off
KEYS = st.sampled_from((
    "content", "embeds", "components", "type", "flags", "attachments", "allowed_mentions", "nonce", "title", "options",
    "description", "fields", "name", "value", "custom_id", "label", "style", "url", "media", "items", "accessory",
    "component", "id", "choices", "required", "min_values", "max_values",
))
# fmt: on
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY = st.recursive(
    LEAVES | st.integers(0, 25), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5)
)
BODIES = st.dictionaries(KEYS, ANY, max_size=6)


def command(body: dict[str, Any]) -> None:
    problems = Problems()
    command_rules.check(body, (), problems)
    problems.raise_if_any()


@pytest.mark.parametrize(
    "check",
    [
        lambda body: drafts.new_message(Body(body)),
        lambda body: drafts.new_message(Body({"flags": 1 << 15, **body})),
        command,
        modals.check,
        modals.check_choices,
    ],
)
@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_any_body_is_taken_or_refused(check: Callable[[dict[str, Any]], Any], body: dict[str, Any]) -> None:
    try:
        check(body)
    except ApiError as error:
        refused = error.status
    else:
        refused = 400
    assert refused == 400
