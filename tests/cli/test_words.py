"""The owner's words: one line for each thing an owner can get wrong, silence about our own mistakes."""

import errno
from pathlib import Path

import discord
import pytest

from bot.cli.words import Declined, reason
from bot.config import ConfigError
from db import errors as rows
from engine import errors as pixels
from prompts import parse


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Declined("no"), "no"),
        (ConfigError("the config key x does not exist"), "does not exist"),
        (rows.StorageLocked(Path("/s"), 41), "process 41 is using the folder /s"),
        (rows.StorageLocked(Path("/s"), None), "another process"),
        (rows.DatabaseTooNew("0042"), "newer version of Atelier .revision 0042."),
        (rows.DatabaseBehind("0001", "0002"), "atelier db upgrade"),
        (rows.DatabaseLost(Path("/s")), "the database is empty, and /s holds files .* storage.folder"),
        (rows.DatabaseMissing(Path("/s/a.db")), "no database at /s/a.db"),
        (rows.DatabaseDamaged(Path("/s/a.db"), "not a database"), "not a database"),
        (rows.UnsupportedDatabase("mysql"), "postgresql"),
        (rows.DatabaseFull(), "is full"),
        (rows.DatabaseBusy(Path("/s/a.db")), "another program has /s/a.db open"),
        (rows.CopyFailed(Path("/b.db"), "No space left"), "/b.db could not be written: No space left"),
        (pixels.StorageFailed("/s", "PermissionError"), "/s cannot be written"),
        (pixels.NoSuchDevice("cuda:3"), "no device cuda:3 here"),
        (pixels.DeviceFailed("cuda", "AcceleratorError"), "device cuda failed"),
        (rows.TargetExists(Path("/b.db")), "/b.db is there already"),
        (pixels.UnknownModel("poket", "pocket"), "did you mean pocket"),
        (pixels.ModelDamaged("/m", "missing: vae"), "/m cannot be used .missing: vae."),
        (pixels.ModelNowhere("mine"), "models.mine has neither folder nor repository"),
        (pixels.ModelUnavailable("dev", "a/dev", "no network"), "from a/dev: no network"),
        (pixels.ModelUnavailable("dev", "a/dev", "gated"), "huggingface.co/a/dev, then set HF_TOKEN"),
        (pixels.LicenceNotAccepted("dev", "Some Licence"), "models.dev.accepted"),
        (pixels.FilterMissing("dev", "Some Licence"), "dev is under Some Licence.*set filter.pictures"),
        (pixels.DiskFull("/s"), "disk of /s is full"),
        (discord.LoginFailure("Improper token"), "refused the token"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (FileExistsError(errno.EEXIST, "File exists", "/s"), "/s: there is a file of that name"),
        (TimeoutError(), "Discord cannot be reached: no answer in time"),
        (PermissionError(errno.EACCES, "Permission denied", "/s"), "/s: permission denied"),
        (ExceptionGroup("tower", [ExceptionGroup("worker", [pixels.DiskFull("/s")])]), "disk of /s"),
    ],
)
def test_what_an_owner_can_put_right_has_one_line_of_words(error: BaseException, words: str):
    said = reason(error)
    assert said is not None
    assert "\n" not in said
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(said)


def test_a_bad_prompt_has_the_same_words_as_on_discord():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (any prompt error does)
        parse("a house --sed 5")
    said = reason(caught.value)
    assert said is not None
    assert "--seed" in said


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("boom"), AssertionError()])
def test_our_own_mistakes_are_not_explained_away(error: BaseException):
    assert reason(error) is None
