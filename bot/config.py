"""The config file as one typed tree, and plain words for what is wrong in it; knows no part that uses it.

`config.toml` is read once, when `Config.load` is called; every key can also come from the environment as
`ATELIER_SECTION__KEY`, which wins over the file. Over 300 lines because the owner's every key stands in one place.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

PREFIX = "ATELIER_"
DISCORD_API = "https://discord.com/api/v10"


class ConfigError(Exception):
    """The config cannot be used; `str(error)` says why, on one line, and never holds a value that may be secret.

    Attributes:
        key: the offending key as `section.key`, or None when the file as a whole is at fault.
        nearest: the valid key that was probably meant, for an unknown one.
    """

    def __init__(self, message: str, *, key: str | None = None, nearest: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.nearest = nearest


def _expanded(path: Path) -> Path:
    """With `~` and `~name` as the folders they stand for. Raises ValueError."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{path.parts[0]} is nobody's folder on this machine") from None


Folder = Annotated[Path, AfterValidator(_expanded)]
OptionalPath = Annotated[Folder | None, BeforeValidator(lambda path: path or None)]  # an empty text is none


def _of_hub_or_disk(name: str) -> str:
    return str(_expanded(Path(name))) if name.startswith("~") else name


HubOrFolder = Annotated[str, AfterValidator(_of_hub_or_disk)]


def _placed(name: str, base: Path) -> str:
    """The folder of this name seen from `base`, where there is one; else it is a name on the model hub."""
    return str(base / name) if name and (base / name).is_dir() else name


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: object, info: ValidationInfo) -> object:
        # true would pass for 1: `keep_days = true` would delete everything after a day.
        if isinstance(value, bool) and info.field_name is not None:
            annotation = cls.model_fields[info.field_name].annotation
            if bool not in (annotation, *get_args(annotation)):
                raise ValueError("should be a value, not true or false")
        return value


class Discord(Section):
    token: SecretStr = SecretStr("")
    api: str = DISCORD_API
    gateway: str = ""
    cdn: str = ""

    @field_validator("token")
    @classmethod
    def _without_stray_space(cls, token: SecretStr) -> SecretStr:
        return SecretStr(token.get_secret_value().strip())

    @field_validator("api", "gateway", "cdn")
    @classmethod
    def _is_address(cls, address: str, info: ValidationInfo) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "gateway" else ("http://", "https://")
        if address and not address.startswith(schemes):
            raise ValueError(f"must begin with {' or '.join(schemes)}")
        return address.rstrip("/")


class Storage(Section):
    folder: Folder = Path("storage")

    @field_validator("folder", mode="before")
    @classmethod
    def _is_named(cls, folder: object) -> object:
        # Empty it would be the folder that the config is in, where a start sweeps what no row knows.
        if folder == "":
            raise ValueError("it is empty; name a folder, such as storage")
        return folder


class Database(Section):
    # A secret because a PostgreSQL address carries its password.
    url: SecretStr = SecretStr("")

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            from sqlalchemy.engine import make_url
            from sqlalchemy.exc import ArgumentError

            try:
                make_url(url.get_secret_value())
            except (ArgumentError, ValueError):
                forms = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://user:password@host:port/name"
                raise ValueError(f"it is no database's address; write {forms}") from None
        return url


class Engine(Section):
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?)$")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    model: str = "pocket"
    lanes: int = Field(default=8, ge=1, le=64)
    preview_every: int = Field(default=1, ge=0, le=100)
    lora_megabytes: int = Field(default=1024, ge=64)
    model_megabytes: int = Field(default=0, ge=0)
    upscaler: OptionalPath = None
    captioner: HubOrFolder = ""


class Queue(Section):
    order: Literal["fifo", "fair"] = "fifo"
    waiting_per_person: int = Field(default=10, ge=1)
    waiting_total: int = Field(default=1000, ge=1)
    running_per_person: int = Field(default=3, ge=1)
    max_attempts: int = Field(default=3, ge=1)
    lease_seconds: int = Field(default=60, ge=5, le=3600)


class Limits(Section):
    pictures: int = Field(default=4, ge=1, le=4)
    steps: int = Field(default=50, ge=1, le=100)
    pixels: int = Field(default=1_048_576, ge=4096)
    longest: int = Field(default=2048, ge=256, le=8192)


class Filter(Section):
    pictures: Literal["off", "review", "classifier"] = "off"
    folder: OptionalPath = None
    repository: str = "Falconsai/nsfw_image_detection"
    revision: str = ""
    block: float = Field(default=0.85, gt=0, le=1)
    unsure: float = Field(default=0.5, gt=0, le=1)


class Quota(Section):
    period: Literal["off", "day", "month"] = "off"
    amount: int = Field(default=100, ge=0, le=1_000_000)
    first: int = Field(default=0, ge=0, le=1_000_000)
    relaxed_free: bool = True


class Privacy(Section):
    keep_days: int = Field(default=0, ge=0, le=3650)
    forget_guild_days: int = Field(default=30, ge=1, le=3650)


class Web(Section):
    address: str = ""


class Log(Section):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Model(Section):
    """One `[models.NAME]`: absent values are the family's own; `folder` or `repository` says where it is."""

    family: str = "flux1"
    folder: OptionalPath = None
    repository: str = ""
    revision: str = ""
    steps: int | None = Field(default=None, ge=1, le=100)
    guidance: float | None = Field(default=None, ge=0, le=30)
    width: int | None = Field(default=None, ge=16, le=4096)
    height: int | None = Field(default=None, ge=16, le=4096)
    max_side: int | None = Field(default=None, ge=16, le=8192)
    step_cache: float | None = Field(default=None, ge=0, le=1)
    instructed: bool | None = None
    redux: HubOrFolder = ""
    memory: dict[Literal["whole", "split", "float8"], Annotated[float, Field(gt=0)]] = {}
    licence: str = ""
    accepted: bool = False

    def at(self, base: Path) -> Self:
        """With its folders taken from `base`; what is no folder there is a name on the model hub."""
        return self.model_copy(
            update={"folder": self.folder and base / self.folder, "redux": _placed(self.redux, base)}
        )


class Config(BaseSettings):
    """Everything the owner can set. Every value has a working default but the token."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    discord: Discord = Discord()
    storage: Storage = Storage()
    database: Database = Database()
    engine: Engine = Engine()
    queue: Queue = Queue()
    limits: Limits = Limits()
    filter: Filter = Filter()
    quota: Quota = Quota()
    privacy: Privacy = Privacy()
    web: Web = Web()
    log: Log = Log()
    models: dict[str, Model] = {}

    DEFAULT_PATH: ClassVar[Path] = Path("config.toml")

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a config file; without a path, `config.toml` in the current folder if it is there, else the defaults.

        Relative folders in the file are taken from the file's own folder.

        Raises:
            ConfigError: the file is missing or not TOML, a key is unknown, or a value is not allowed.
        """
        if path is None and not cls.DEFAULT_PATH.exists():
            return cls.of({})
        path = path or cls.DEFAULT_PATH
        return cls.of(_read(path), folder=path.resolve().parent)

    @classmethod
    def of(cls, document: Mapping[str, Any], folder: Path | None = None) -> Self:
        """The config of a parsed document, completed by the environment; relative folders are taken from `folder`.

        Raises:
            ConfigError: a key is unknown or a value is not allowed.
        """
        _refuse_unknown_variables(os.environ)
        try:
            config = cls(**document)
        except ValidationError as error:
            raise _in_words(error) from None
        except SettingsError as error:
            raise ConfigError(f"the environment cannot be read: {error}") from None
        base = folder or Path.cwd()

        engine, screen = config.engine, config.filter
        tables = {
            "storage": Storage(folder=base / config.storage.folder),
            "filter": screen.model_copy(update={"folder": screen.folder and base / screen.folder}),
            "engine": engine.model_copy(
                update={
                    "upscaler": engine.upscaler and base / engine.upscaler,
                    "captioner": _placed(engine.captioner, base),
                }
            ),
            "models": {name: model.at(base) for name, model in config.models.items()},
        }
        return config.model_copy(update=tables)

    def token(self) -> str:
        """The bot's token. Raises ConfigError when there is none."""
        token = self.discord.token.get_secret_value()
        if not token:
            raise ConfigError("there is no token: set discord.token or ATELIER_DISCORD__TOKEN", key="discord.token")
        return token

    @property
    def database_url(self) -> str:
        """The database's address; SQLite in the storage folder unless another is set. May hold a password."""
        from db.database import default_url

        return self.database.url.get_secret_value() or default_url(self.storage.folder)

    @property
    def database_name(self) -> str:
        """The database's address without user and password, fit for people and logs."""
        scheme, _, rest = self.database_url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def keys() -> Iterator[str]:
    """Every key as `section.key`; the keys of a model as `models.NAME.key`."""
    for name, field in Config.model_fields.items():
        section, prefix = (Model, f"{name}.NAME") if name == "models" else (field.annotation, name)
        assert isinstance(section, type)
        assert issubclass(section, Section)
        yield from (f"{prefix}.{key}" for key in section.model_fields)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {path}; copy config.example.toml to begin") from None
    except OSError as error:
        raise ConfigError(f"the config file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"the config file {path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the config file {path} is not valid TOML: {error}") from None


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    # The environment source skips what it does not know; a misspelt token would then look like a missing one.
    sections = [name.upper() for name in Config.model_fields]
    for variable in environment:
        if not variable.upper().startswith(PREFIX):
            continue
        section, nested, rest = variable.upper().removeprefix(PREFIX).partition("__")
        if nested and section not in sections:
            raise _unknown((section.lower(), *rest.lower().split("__")))
        if not nested and section not in sections:
            raise _unknown_variable(variable)


_REASONS = {
    "string_pattern_mismatch": "should be auto, cpu, mps, cuda or cuda:0, cuda:1, ...",
    "path_type": "should be a path in quotation marks",
    "dict_type": "should be a table",
    "model_type": "should be a table",
}
"""Our words for kinds of pydantic's errors whose own speak of Python."""


def _in_words(error: ValidationError) -> ConfigError:
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    location = tuple(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(location)
    key = ".".join(location).removesuffix(".[key]")
    told = first["msg"].removeprefix("Value error, ").replace("Input should", "should")
    reason = _REASONS.get(first["type"], told)
    return ConfigError(f"the config key {key} is not allowed as it is: {reason}", key=key)


def _unknown(location: tuple[str, ...]) -> ConfigError:
    section, key = location[0], ".".join(location)
    known = list(keys()) if len(location) > 1 else list(Config.model_fields)
    if section == "models" and len(location) > 2:
        known = [one.replace("NAME", location[1]) for one in known if one.startswith("models.")]
    # A section's own name also matches inside longer keys: the same section first, the whole tree after it.
    siblings = [one for one in known if one.rpartition(".")[0] == key.rpartition(".")[0]]
    close = (get_close_matches(key.lower(), names, n=1, cutoff=0.6) for names in (siblings, known))
    nearest = next((found[0] for found in close if found), None)
    hint = f"; did you mean {nearest}?" if nearest else "; config.example.toml lists every key"
    return ConfigError(f"the config key {key} does not exist{hint}", key=key, nearest=nearest)


def _unknown_variable(variable: str) -> ConfigError:
    """ATELIER_DISCORD_TOKEN, or ATELIER_TOKEN: what it was meant to be has two underscores."""
    word = variable.upper().removeprefix(PREFIX)
    known = {key.upper().replace(".", "__"): key for key in keys() if not key.startswith("models.")}
    written = {key.replace("__", "_"): key for key in known} | {key.rpartition("__")[2]: key for key in reversed(known)}
    close = get_close_matches(word, written, n=1, cutoff=0.7)
    if not close:
        return ConfigError(f"the variable {variable} is none of Atelier's; its own are {PREFIX}SECTION__KEY")
    meant = written[close[0]]
    return ConfigError(
        f"the variable {variable} does not exist; did you mean {PREFIX}{meant}?", key=known[meant], nearest=known[meant]
    )
