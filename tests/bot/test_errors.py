"""Words for errors."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import db.errors
import engine.errors
import prompts
from bot import errors, refusals

KNOWN: list[Exception] = [
    prompts.EmptyPrompt(),
    prompts.PromptTooLong(6000, 4000),
    prompts.UnknownParameter("sed", "seed"),
    prompts.UnknownParameter("zzz", None),
    prompts.BadValue("ar", "0:1", "1:4..4:1"),
    prompts.BadValue("seed", "cat", "0..4294967295"),
    prompts.MissingValue("seed", "0..4294967295"),
    prompts.RepeatedParameter("seed"),
    prompts.BadValue("tile", "yes", ""),
    prompts.BadValue("scheduler", "eular", "euler, heun", "euler"),
    prompts.BadValue("image", "https://", "ADDRESS"),
    prompts.BadValue("::", "::9999", "::-1000..::1000"),
    prompts.Conflict("draft", "hd"),
    prompts.Needless("sw", "sref"),
    prompts.Needless("iw", "image"),
    prompts.Needless("lora-steps", "lora", "x"),
    prompts.NearlyParameter("house--ar", "ar"),
    prompts.MisplacedImage("https://a.example/b.png"),
    prompts.UnfinishedTag("<lora:x"),
    prompts.UnfinishedQuote('"x'),
    prompts.BadWeights(-0.5),
    prompts.StrayWeight("2"),
    prompts.TooMany("job", 80, 40),
    prompts.TooMany("text", 20, 16),
    prompts.TooMany("image", 9, 5),
    prompts.UnbalancedBraces("{a, b"),
    prompts.UnbalancedBraces("} b"),
    db.errors.TooManyWaiting(10),
    db.errors.QueueFull(1000),
    db.errors.Overdrawn(3, 4),
    engine.errors.UnknownModel("pockt", "pocket"),
    engine.errors.LicenceNotAccepted("dev", "FLUX.1 [dev]"),
    engine.errors.UnsupportedSize(8, 8, multiple=16, smallest=64, largest=512),
    engine.errors.UpscaledEnough(512, 512, longest=512),
    engine.errors.PannedEnough(768, 256, longest=2048, widest=3),
    engine.errors.ModelDamaged("/secret/folder", "missing"),
    engine.errors.ModelQuantised("/secret/folder", "transformer", "bitsandbytes"),
    engine.errors.ModelUnavailable("dev", "some/repository", "no network"),
    engine.errors.ModelTooLarge("dev", needed=25 << 30, free=24 << 30),
    engine.errors.ModelNowhere("mine"),
    engine.errors.NoSuchDevice("cuda:3"),
    engine.errors.NotByThisModel("exotic", "loras"),
    engine.errors.DiskFull("/secret/folder"),
    engine.errors.PictureMissing("d" * 64),
    engine.errors.EngineClosed(),
    engine.errors.OutOfMemory("cuda:0"),
    refusals.CannotPostHere(["attach_files", "embed_links"]),
    refusals.NotYours("delete", 11),
    refusals.Gone(),
    refusals.Expired(),
    refusals.NoSuchJob("x`y @everyone"),
    refusals.NothingToCancel(ended=True),
    refusals.NothingToCancel(ended=False),
    refusals.NotACard(),
    refusals.ForeignAddress("example.com"),
    refusals.NotFetched(404),
    refusals.NotFetched(None),
    *(refusals.UnfitPicture(reason, "x") for reason in errors._UNFIT),
    *(refusals.MayNotVote(reason, "x") for reason in errors._NO_VOTE),
    refusals.NotGivable(5),
    refusals.NotYourPicture(),
    refusals.NoContest("enter"),
    refusals.BadLoraName("x"),
    refusals.OneOfTwo("file", "path"),
    refusals.NoSuchFile("x"),
    refusals.UnknownLora("inc", "ink"),
    refusals.UnknownLora("zzz", None),
    refusals.NoRoom("pocket", 256, 256),
    refusals.ShapeStays(256, 256),
    refusals.BadFactor("3"),
    refusals.BlackMask(),
    refusals.NoPart(),
    refusals.NothingSeen(),
    refusals.NoPicture(),
    refusals.StrayWords("a cat"),
    refusals.BadOption("seed", taken=True),
    refusals.BadOption("1", taken=False),
    refusals.Closing(),
    refusals.Withheld(),
    refusals.Banned(None, "spam @everyone"),
    refusals.Banned(datetime(2026, 5, 17, tzinfo=UTC), ""),
    refusals.ElsewhereOnly([1, 2]),
    refusals.AboveCap("steps", "50", "4"),
    refusals.AboveCap("loras", "3", "1"),
    refusals.AboveCap("model", "dev", "pocket"),
    refusals.BlockedWord("gore"),
    refusals.ModeratorsOnly("manage_guild"),
    refusals.DecidedAlready(),
    refusals.SaidAlready(),
    refusals.NoReportsChannel(),
    refusals.BadSetting("gift", "alone", "person and gift together"),
    refusals.ClosedMessages(),
    refusals.TooLargeToSend(),
    refusals.NotSure(),
    refusals.NotYours("unshare", None),
    refusals.OwnPicture(),
    refusals.MadeElsewhere(),
    refusals.AgeRestricted(),
    refusals.AgeRestrictedContest(),
    refusals.NotCallable(7),
    refusals.NotYoursToGive(7),
    refusals.PowerfulRole(7),
    refusals.NothingSimilar(),
    *(db.errors.NotShareable(reason) for reason in ("deleted", "no server", "unsure", "hidden")),
]


def kinds(base: type[BaseException]) -> Iterator[type[BaseException]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("error", KNOWN, ids=lambda error: type(error).__name__)
def test_a_foreseen_error_is_told_in_a_sentence(error: Exception) -> None:
    words = errors.explain(error)
    assert words is not None
    assert words.endswith((".", "`", "?", ")"))
    assert "!" not in words
    assert "/secret" not in words
    assert "@everyone" not in words
    assert len(words) < 500


@pytest.mark.parametrize("base", [prompts.PromptError, refusals.Refusal])
def test_every_type_that_a_person_can_cause_has_words(base: type[Exception]) -> None:
    told = {type(error) for error in KNOWN}
    assert set(kinds(base)) <= told


def test_the_words_say_what_would_be_right() -> None:
    assert "--seed" in str(errors.explain(prompts.UnknownParameter("sed", "seed")))
    assert "1:4 to 4:1" in str(errors.explain(prompts.BadValue("ar", "0:1", "1:4..4:1")))
    assert "0..4294967295" in str(errors.explain(prompts.BadValue("seed", "cat", "0..4294967295")))
    assert "pocket" in str(errors.explain(engine.errors.UnknownModel("pockt", "pocket")))
    assert "Attach Files, Embed Links" in str(errors.explain(refusals.CannotPostHere(["attach_files", "embed_links"])))


def test_a_full_disk_under_the_database_has_words_too() -> None:
    assert "disk is full" in str(errors.explain(db.errors.DatabaseFull()))


def test_what_nobody_foresaw_has_no_words() -> None:
    assert errors.explain(KeyError("x")) is None
    assert errors.explain(db.errors.TargetExists(Path("x"))) is None


@pytest.mark.parametrize("code", [None, "out_of_memory", "disk_full", "attempts", "never heard of", "x" * 64])
def test_a_failed_job_says_why_and_that_nothing_was_charged(code: str | None) -> None:
    words = errors.explain_failure(code, None)
    assert words.startswith("Failed")
    assert words.endswith("Nothing was charged.")


def test_every_code_of_the_engine_has_a_reason_or_is_shown_itself() -> None:
    for kind in kinds(engine.errors.EngineError):
        code = getattr(kind, "code", None)
        assert errors.explain_failure(code, {}) != errors.explain_failure(None, {})


def test_an_unforeseen_error_is_logged_under_its_id_and_quotes_no_prompt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    prompt = " ".join(["a", "secret", "prompt"])  # the log shows lines of code, so it must not stand in one
    try:
        raise ValueError(prompt)
    except ValueError as error:
        report = errors._report(error)
    above = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert report in caplog.text
    assert above
    assert not any(prompt in record.getMessage() for record in above)
    assert "ValueError" in above[0].getMessage()
