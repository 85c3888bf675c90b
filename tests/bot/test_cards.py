"""The text of cards."""

import pytest

from bot.ui import cards
from db.models import JobStatus
from tests.bot.rows import NOON, image, job


def test_a_card_says_what_it_is_by_whom_and_how_fast() -> None:
    assert cards.heading(job()) == "**a red house** - by <@11> (fast)"
    assert cards.heading(job(kind="vary_strong", relaxed=True)) == (
        "**a red house** - Variations (Strong) by <@11> (relaxed)"
    )


@pytest.mark.parametrize(
    ("position", "starts", "words"),
    [
        (1, None, "Queued, next"),
        (3, NOON, f"Queued, 3rd, starts <t:{int(NOON.timestamp())}:R>"),
        (12, None, "Queued, 12th"),
        (None, None, "Queued"),
    ],
)
def test_a_waiting_card_shows_its_place_and_a_start_only_when_one_is_known(position, starts, words) -> None:
    assert cards.waiting(job(), position, starts).splitlines()[1] == words


def test_a_running_card_shows_a_percentage_only_when_there_is_one() -> None:
    assert cards.running(job(), 32).endswith("\n32 %")
    assert cards.running(job(), None).endswith("\nStarting")
    assert cards.fetching(job()).endswith("\nDownloading the model, which takes a while the first time")


def test_ordinals_read_as_people_say_them() -> None:
    assert [cards.ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111, 113)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "113th"]
    )


def test_every_card_fits_a_message_whatever_the_prompt() -> None:
    long = job(prompt="*" * 4000, status=JobStatus.FAILED)
    long.request["negative_prompt"] = "_" * 4000
    pictures = [image(index, bytes=2**34) for index in range(4)]
    notices = [cards.too_large(one, 2**20, "https://gallery.example/" + "x" * 60) for one in pictures]
    for text in (
        cards.waiting(long, 999, NOON),
        cards.running(long, 100),
        cards.result(long, notices),
        cards.ended(long, "Failed."),
        cards.single(long, pictures[3], 12),
        cards.details(long, pictures),
        "\n".join(cards.entry(long, 999, NOON) for _ in range(10)),
    ):
        assert len(text) <= 2000


def test_the_details_name_every_seed_that_is_left() -> None:
    text = cards.details(job(status=JobStatus.SUCCEEDED), [image(1), image(3)])
    assert "#2 2, #4 4" in text
    assert "256 x 256" in text


def test_someone_who_picks_anothers_picture_is_named_beside_the_author() -> None:
    assert cards.single(job(), image(1), 11) == "**a red house** - Image #2 by <@11>"
    assert cards.single(job(), image(1), 12) == "**a red house** - Image #2 by <@11>, picked by <@12>"
