"""Strangers' text in our messages."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.ui.quoting import bold, quote

NASTY = st.text(alphabet="*_~`|<>[]()#@:!&\\ \n/-.everyonehere0123456789discord.gg", max_size=200)


def unescaped(quoted: str) -> str:
    """What a reader sees: escapes and invisible characters taken out."""
    return re.sub(r"\\(.)", r"\1", quoted).replace("\u200b", "")


@given(NASTY | st.text(max_size=300))
def test_quoted_text_reads_as_typed_on_one_line(text: str) -> None:
    assert unescaped(quote(text, 5000)) == " ".join(text.replace("\u200b", "").split()) or "\u200b" in text


@given(NASTY)
def test_quoted_text_holds_no_mark_that_discord_would_act_on(text: str) -> None:
    bare = re.sub(r"\\.", "", quote(text))
    assert not set(bare) & set("*_~`|<>[]#\\")
    assert not re.search(r"@(everyone|here)", quote(text), re.IGNORECASE)
    assert "://" not in quote(text)
    assert "discord.gg/" not in quote(text)


@given(st.text(min_size=1, max_size=4000), st.integers(20, 1200))
def test_quoted_text_keeps_to_its_limit_and_ends_in_no_half_escape(text: str, limit: int) -> None:
    quoted = quote(text, limit)
    assert len(quoted) <= limit
    assert not re.search(r"(?<!\\)(\\\\)*\\…?$", quoted)


def test_a_prompt_without_anything_to_see_still_has_a_name() -> None:
    assert bold(" \n ") == "**(no words)**"
