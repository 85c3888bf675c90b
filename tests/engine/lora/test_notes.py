"""What a file says of itself is a stranger's word, whatever it says."""

import pytest

from engine.lora import notes


def test_tags_under_at_least_half_of_the_pictures_are_triggers() -> None:
    tags = '{"10_ink": {"inkwash": 20, "a cat": 2}, "5_more": {"inkwash": 3, "brush": 12}}'
    assert notes.triggers({"ss_tag_frequency": tags}) == ["inkwash", "brush"]


@pytest.mark.parametrize(
    "tags",
    ["[1]", '{"a": "b"}', '{"a": {"b": null}}', '{"a": {"b": NaN}}', '{"a": {"b": Infinity}}', "[" * 100_000],
)
def test_tags_that_make_no_sense_are_no_triggers(tags: str) -> None:
    assert notes.triggers({"ss_tag_frequency": tags}) == []
