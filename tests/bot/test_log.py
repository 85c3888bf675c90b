"""Log lines: no secret in any of them, libraries quieter than ourselves."""

import logging

import pytest

from bot import log


def test_a_secret_appears_in_no_line_not_even_in_a_traceback(capsys: pytest.CaptureFixture[str]):
    log.setup("INFO", secrets=["hush-hush", ""])
    try:
        raise ValueError("Authorization: Bot hush-hush")
    except ValueError:
        logging.getLogger("discord.http").exception("sent %s", "hush-hush")
    said = capsys.readouterr().err
    assert "hush-hush" not in said
    assert "sent [secret]" in said


def test_we_speak_at_the_chosen_level_and_libraries_only_when_it_matters(capsys: pytest.CaptureFixture[str]):
    log.setup("DEBUG")
    for name in ("bot.orders", "discord.http", "sqlalchemy.engine"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "%s at %s", name, logging.getLevelName(level))
    said = capsys.readouterr().err
    assert "bot.orders at DEBUG" in said
    assert "discord.http at DEBUG" not in said
    assert "discord.http at INFO" in said
    assert "sqlalchemy.engine at INFO" not in said
    assert "sqlalchemy.engine at WARNING" in said


def test_setting_up_twice_says_everything_once(capsys: pytest.CaptureFixture[str]):
    log.setup("INFO")
    log.setup("INFO")
    logging.getLogger("bot").info("once")
    assert capsys.readouterr().err.count("once") == 1
