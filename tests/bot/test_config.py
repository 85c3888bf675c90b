"""The config file: the example is the fixture, mistakes are named, secrets stay hidden."""

import re
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, keys

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("ATELIER_DISCORD__TOKEN", "ATELIER_STORAGE__FOLDER", "ATELIER_DATABASE__URL"):
        monkeypatch.delenv(variable, raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def whole_example() -> str:
    """The example with the model at its end switched on."""
    return re.sub(r"^#(?=\[|\w+ =)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_example_is_the_defaults(tmp_path: Path):
    path = write(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    assert Config.load(path) == Config.load()


def test_the_example_names_every_key_with_a_comment_and_no_other(tmp_path: Path):
    section, named = "", set[str]()
    for line in whole_example().splitlines():
        if header := re.fullmatch(r"\[(.+)\]", line):
            section = header[1].replace("schnell", "NAME")
        elif key := re.match(r"(\w+) = .*\S +# \S", line):
            named.add(f"{section}.{key[1]}")
        else:
            assert not line or line.startswith("# "), f"a key without a comment: {line}"
    assert named == set(keys())


def test_the_model_of_the_example_loads(tmp_path: Path):
    model = Config.load(write(tmp_path, whole_example())).models["schnell"]
    assert (model.repository, model.folder, model.steps) == ("black-forest-labs/FLUX.1-schnell", None, 4)


def test_without_a_file_everything_but_the_token_works(tmp_path: Path):
    config = Config.load()
    assert config.storage.folder == tmp_path / "storage"
    assert config.database_url == f"sqlite+aiosqlite:///{tmp_path / 'storage' / 'atelier.db'}"
    assert config.engine.model == "pocket"
    assert config.discord.token.get_secret_value() == ""
    assert config.web.address == ""


def test_folders_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "blip").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    told = '[storage]\nfolder = "rows"\n[engine]\ncaptioner = "blip"\n[models.mine]\nfolder = "weights"\n'
    config = Config.load(write(elsewhere, f'{told}redux = "~/elsewhere/blip"'))
    assert config.storage.folder == elsewhere / "rows"
    assert config.models["mine"].folder == elsewhere / "weights"
    assert config.engine.captioner == config.models["mine"].redux == str(elsewhere / "blip")
    assert Config.load(write(tmp_path, '[engine]\ncaptioner = "some/blip"')).engine.captioner == "some/blip"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(
        tmp_path, '[discord]\ntoken = "from-file"\napi = "http://127.0.0.1:1/api/v10/"\n[queue]\norder = "fair"'
    )
    monkeypatch.setenv("ATELIER_DISCORD__TOKEN", " from-environment\n")
    monkeypatch.setenv("ATELIER_MODELS__POCKET__FOLDER", "/weights")
    monkeypatch.setenv("ATELIER_LIMITS__PICTURES", "2")
    config = Config.load(path)
    assert config.discord.token.get_secret_value() == "from-environment"
    assert config.discord.api == "http://127.0.0.1:1/api/v10"
    assert config.queue.order == "fair"
    assert config.models["pocket"].folder == Path("/weights")
    assert config.limits.pictures == 2


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[limits]\npicturs = 2", "limits.picturs", "limits.pictures"),
        ("[limts]\npictures = 2", "limts", "limits"),
        ('[discord]\ntoken_ = "x"', "discord.token_", "discord.token"),
        ("[queue]\nxyzzy = 1", "queue.xyzzy", None),
        ("[models.schnell]\nstep = 1", "models.schnell.step", "models.schnell.steps"),
        ("[discord]\nAPI = 'x'", "discord.API", "discord.api"),
    ],
)
def test_an_unknown_key_is_refused_by_name_with_the_nearest(tmp_path: Path, text: str, key: str, nearest: str | None):
    with pytest.raises(ConfigError, match=re.escape(key)) as caught:
        Config.load(write(tmp_path, text))
    assert (caught.value.key, caught.value.nearest) == (key, nearest)


@pytest.mark.parametrize(
    ("variable", "key", "nearest"),
    [
        ("ATELIER_DISCORD__TOKN", "discord.tokn", "discord.token"),
        ("ATELIER_DISCRD__TOKEN", "discrd.token", "discord.token"),
    ],
)
def test_a_misspelt_variable_is_refused_like_a_misspelt_key(
    monkeypatch: pytest.MonkeyPatch, variable: str, key: str, nearest: str
):
    monkeypatch.setenv(variable, "x")
    with pytest.raises(ConfigError) as caught:
        Config.load()
    assert (caught.value.key, caught.value.nearest) == (key, nearest)


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("ATELIER_DISCORD_TOKEN", "did you mean ATELIER_DISCORD__TOKEN?"),
        ("ATELIER_TOKEN", "did you mean ATELIER_DISCORD__TOKEN?"),
        ("ATELIER_STORAGE_FOLDR", "did you mean ATELIER_STORAGE__FOLDER?"),
        ("ATELIER_HOUSE", "ATELIER_SECTION__KEY"),
    ],
)
def test_a_variable_without_a_section_is_refused_too(monkeypatch: pytest.MonkeyPatch, variable: str, words: str):
    monkeypatch.setenv(variable, "hush")
    with pytest.raises(ConfigError) as caught:
        Config.load()
    assert variable in str(caught.value)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\npictures = 5", "limits.pictures .*less than or equal to 4"),
        ("[limits]\npictures = 'many'", "limits.pictures .*integer"),
        ("[queue]\norder = 'random'", "queue.order .*'fifo' or 'fair'"),
        ("[engine]\ndevice = 'gpu'", "engine.device .*auto, cpu"),
        ("[discord]\napi = 'localhost:80'", "discord.api .*http://"),
        ("limits = 3", "limits .*should be a table"),
        ("[models]\nmine = 3", "models.mine .*should be a table"),
        ("[models.mine]\nmemory = 3", "models.mine.memory .*should be a table"),
        ("[models.mine]\nmemory = { whol = 3 }", "key models.mine.memory.whol is .*'whole', 'split' or 'float8'"),
        ("[engine]\nupscaler = 3", "engine.upscaler .*should be a path in quotation marks"),
        ("[privacy]\nkeep_days = true", "privacy.keep_days .*not true or false"),
        ("[models.mine]\nsteps = true", "models.mine.steps .*not true or false"),
        ("[storage]\nfolder = ''", "storage.folder .*empty"),
        ("[storage]\nfolder = '~nosuchuser/x'", "storage.folder .*~nosuchuser is nobody's folder"),
        ("[engine]\nupscaler = '~nosuchuser/x'", "engine.upscaler .*nobody's folder"),
        ("[engine]\ncaptioner = '~nosuchuser/x'", "engine.captioner .*nobody's folder"),
        ("[filter]\nfolder = '~nosuchuser/x'", "filter.folder .*nobody's folder"),
        ("[models.mine]\nfolder = '~nosuchuser/x'", "models.mine.folder .*nobody's folder"),
        ("[models.mine]\nredux = '~nosuchuser/x'", "models.mine.redux .*nobody's folder"),
        ("[database]\nurl = 'postgresql+asyncpg://u:hush@h:port/x'", "database.url .*no database's address"),
        ("[database]\nurl = 'hush'", "database.url .*no database's address"),
        ("[limits", "not valid TOML"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigError, match=words) as caught:
        Config.load(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_missing_file_and_a_binary_file_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        Config.load(tmp_path / "absent.toml")
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        Config.load()


def test_the_mark_that_windows_editors_put_before_a_text_is_passed_over(tmp_path: Path):
    path = tmp_path / "config.toml"
    path.write_bytes("[queue]\r\norder = 'fair'\r\n".encode("utf-8-sig"))
    assert Config.load(path).queue.order == "fair"


def test_secrets_are_never_shown(tmp_path: Path):
    path = write(tmp_path, '[discord]\ntoken = "hush"\n[database]\nurl = "postgresql+asyncpg://me:hush@host/atelier"')
    config = Config.load(path)
    assert "hush" not in repr(config) + str(config) + str(config.model_dump()) + config.database_name
    assert config.database_url == "postgresql+asyncpg://me:hush@host/atelier"
    assert config.database_name == "postgresql+asyncpg://host/atelier"
    with pytest.raises(ConfigError) as caught:
        Config.load(write(tmp_path, '[discord]\ntoken = ["hush"]'))
    assert "hush" not in str(caught.value)
