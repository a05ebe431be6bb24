"""The settings as types. The docstring of each field is its documentation, from which docs/settings.md is made."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Days = Annotated[int, Meta(ge=0, le=36_500)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class Section(Struct, forbid_unknown_fields=True, frozen=True):
    """A table of `penstock.toml`; an unknown name in it is an error."""


class Server(Section, frozen=True):
    """Where Penstock listens and how it stops."""

    host: str = "127.0.0.1"
    """address to listen on"""
    port: Port = 8080
    """port to listen on; 0 takes a free one; a taken one is refused"""
    workers: Count = 1
    """processes that serve; more than one needs the keys and records of one database"""
    drain_s: Seconds = 30.0
    """at a stop, how long running calls may take to finish before they are ended"""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """the least severe log line that is written"""
    dialect: Literal["openai", "aimlapi", "aimlapi-legacy", "tokensmind", "sgp", "openresponses"] = "openai"
    """what a call is read and answered in, where neither its header, nor its path, nor its key says"""
    open_models: bool = True
    """the list of models can be read without a key"""


class Cors(Section, frozen=True):
    """Which web pages may call the API from a browser."""

    allow_origins: list[str] = field(default_factory=lambda: ["*"])
    """origins allowed, such as https://app.example.com; `*`: every page (keys travel in headers alone); []: none"""
    max_age_s: Annotated[int, Meta(ge=0)] = 600
    """how long a browser may remember a preflight answer"""


class Limits(Section, frozen=True):
    """The bounds at the edge. Over one: a clear 413, 431, 400, 429 or 503, never growth."""

    body_bytes: Count = 32 * 1024 * 1024
    """largest request body"""
    header_bytes: Count = 32 * 1024
    """all request headers together"""
    headers: Count = 100
    """request headers, counted"""
    header_read_s: Seconds = 30.0
    """how long a client may take to send its headers"""
    body_read_s: Seconds = 30.0
    """how long a client may take between two parts of its body, and 4 times that for all of it"""
    write_s: Seconds = 60.0
    """how long a client may leave an answer unread before it is let go"""
    messages: Count = 4096
    """messages in one request"""
    tools: Count = 128
    """tools in one request"""
    nesting: Annotated[int, Meta(ge=1, le=256)] = 64
    """depth of arrays and objects in a request body"""
    concurrent_calls: Count = 4096
    """calls under way in one process; the next one is answered 503"""


class Timeouts(Section, frozen=True):
    """How long a vendor may take."""

    connect_s: Seconds = 5.0
    """to accept a connection"""
    first_byte_s: Seconds = 120.0
    """to begin its answer"""
    between_bytes_s: Seconds = 60.0
    """between two parts of its answer"""
    whole_s: Seconds = 600.0
    """for the whole call, retries and waiting included"""
    keep_alive_s: Seconds = 15.0
    """how long a stream may be silent before a comment keeps the connection alive"""


class Database(Section, frozen=True):
    """Where keys and records live."""

    url: str | None = None
    """`sqlite:////path/file.db`, or a PostgreSQL address; without it, `penstock.db` in the data folder"""


class SpoolSettings(Section, frozen=True):
    """The file that every record is appended to before the answer's last byte goes out."""

    max_bytes: Count = 1024 * 1024 * 1024
    """records may wait here for the database up to this size; over it calls are answered 503"""
    fsync_ms: Count = 100
    """how often what was appended is forced to the disk"""
    drain_ms: Count = 200
    """how often records move on into the database"""


class Records(Section, frozen=True):
    """What is kept of a call."""

    content: bool = False
    """keep prompts and answers, not only counts and times"""
    content_bytes: Count = 256 * 1024
    """the most that is kept of a prompt, and of an answer; a longer one is not kept, and the record says so"""


class StoredSettings(Section, frozen=True):
    """How long stored responses and chat completions are kept; conversations stay until they are deleted."""

    days: Days = 30
    """days after which they are deleted; 0: they stay"""
    linger_s: Seconds = 30.0
    """how long a stored stream of a response, or a call with an Idempotency-Key, goes on after its client left, so that
    it can be joined again"""
    projects: dict[str, Days] = {}
    """days of single projects, by name, such as `{ team-a = 7 }`"""


class EngineSettings(Section, frozen=True):
    """The local models."""

    context: Annotated[int, Meta(ge=0)] = 0
    """tokens of context for each call; 0: as the model was trained, at most 8192"""
    parallel: Annotated[int, Meta(ge=1, le=128)] = 4
    """calls that one model answers at once"""
    queue: Annotated[int, Meta(ge=0)] = 64
    """calls that may wait for a model; the next one is answered 503"""
    threads: Annotated[int, Meta(ge=0)] = 0
    """processor threads for one model; 0: as many as there are cores"""
    gpu_layers: Annotated[int, Meta(ge=0)] = 0
    """layers of a model that a GPU holds, where the engine was built for one"""
    loaded: Count = 2
    """models in memory at once; the one unused for longest makes room"""
    idle_s: Seconds = 900.0
    """a model unused for this long leaves memory"""
    load_s: Seconds = 300.0
    """how long a model may take to load"""


class PricingSettings(Section, frozen=True):
    """What clients are told of money."""

    markup: Annotated[float, Meta(ge=0, le=100)] = 0.0
    """what clients pay more than the vendor takes: 0.05 is five percent; to a millionth"""
    in_answers: bool = True
    """answers say what they cost, where it is known: `meta.usage`, `x-aimlapi-credits-used`, `x-aimlapi-usd-spent`"""


class ProviderSettings(Section, frozen=True):
    """One `[[provider]]`: a vendor to call."""

    name: str
    """unique; what targets and `vendor/model` names refer to"""
    kind: str
    """a row of compatible.toml, a file in providers/, or `compatible` for any other OpenAI-compatible address"""
    api_key: str | None = None
    """`env:NAME` or `file:PATH`; a plain string is used as it is, with a warning"""
    base_url: str | None = None
    """instead of the vendor's own address; may be private, since it is the operator's own word"""
    headers: dict[str, str] = {}
    """further headers for every request to this vendor"""
    timeouts: Timeouts | None = None
    """instead of `[timeouts]`"""
    prices: str | None = None
    """vendor whose list prices hold, or `none`; without it the kind's own, unless `base_url` leads elsewhere"""
    open: bool = True
    """clients reach every model of the vendor as `name/model`; false: only what a `[[model]]` sends there"""


class TargetSettings(Section, frozen=True):
    """One place where a model is served."""

    provider: str
    """name of a `[[provider]]`, or `local`"""
    model: str
    """the vendor's own name of the model; `*` passes the asked name through"""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """share of the calls among the targets of one model; all 1: the first is asked first"""


class ModelSettings(Section, frozen=True):
    """One `[[model]]`: a name that clients ask for."""

    name: str
    """what clients ask for; `vendor/*` takes every other name after `vendor/`"""
    targets: list[TargetSettings]
    """where it is served, in the order of trial"""
    aliases: list[str] = []
    """other names for it"""
    snapshot: str | None = None
    """what `model` says in the answer; without it, the name that was asked for"""
    context: Count | None = None
    """tokens of context at its targets, against what is known of them; a local model's is the engine's to say"""
    max_output: Count | None = None
    """the most tokens of an answer at its targets, against what is known of them"""
    parameters: dict[str, Literal["native", "emulated", "ignored", "refused"]] = {}
    """what becomes of single parameters at its targets, such as `{ seed = "ignored" }`; not at local models"""


class PriceSettings(Section, frozen=True):
    """One `[[price]]`: what a model costs, in dollars per million tokens, instead of the list price."""

    provider: str
    """name of a `[[provider]]`, or `local`"""
    model: str
    """the vendor's own name of the model, for the same with a date at its end too; `name*`: all that begin so"""
    input: Annotated[float, Meta(ge=0)]
    """tokens of the prompt"""
    output: Annotated[float, Meta(ge=0)]
    """tokens of the answer, reasoning included"""
    cached_input: Annotated[float, Meta(ge=0)] | None = None
    """of the prompt's, those read from the vendor's cache; without it, as `input`"""
    cache_write: Annotated[float, Meta(ge=0)] | None = None
    """of the prompt's, those written into it; without it, as `input`"""
    audio_input: Annotated[float, Meta(ge=0)] | None = None
    """of the prompt's, audio; without it, the price of a call with audio is unknown"""
    audio_output: Annotated[float, Meta(ge=0)] | None = None
    """of the answer's, audio; without it, the price of a call with audio is unknown"""
    service_tier: str | None = None
    """the tier that the vendor says it answered in (`flex`, `priority`); without it, the standard one"""
    since: date | None = None
    """the first day (UTC) that it holds; without it, always; a later one replaces it"""


class Settings(Section, frozen=True):
    """The whole of `penstock.toml`."""

    server: Server = Server()
    cors: Cors = field(default_factory=Cors)
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    database: Database = Database()
    spool: SpoolSettings = SpoolSettings()
    records: Records = Records()
    stored: StoredSettings = field(default_factory=StoredSettings)
    engine: EngineSettings = EngineSettings()
    pricing: PricingSettings = PricingSettings()
    provider: list[ProviderSettings] = []
    model: list[ModelSettings] = []
    price: list[PriceSettings] = []
    home: str = ""
    """the data folder; comes from PENSTOCK_HOME or the platform, never from the file"""
