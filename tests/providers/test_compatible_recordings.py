"""Every recorded chat answer of the OpenAI-compatible vendors, read with the row of its vendor.

What a client would see is compared with what the vendor's own bytes say, by the recordings' own judge: `oracle.py`
and the rules of `replay_check.py`, which know nothing of Penstock.
"""

from __future__ import annotations

import ast
import base64
import importlib.util
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openai._models import validate_type  # what the SDK's strict mode does to an answer
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import ValidationError
from tests.vendor_calls import CALL_ID, a_call, split

from penstock.core.answer import Frame
from penstock.core.errors import UpstreamBroke, UpstreamError, UpstreamRejected
from penstock.core.exchange import Reply, Target
from penstock.dialects import sse
from penstock.providers.compatible import Compatible
from penstock.providers.rows import load_rows

ROWS = load_rows()
RECORDED = sorted(name for name, row in ROWS.items() if row.verified == "recorded")
WHOLE = [*RECORDED, "bedrock", "gemini"]  # of these two no streams are recorded; bedrock has no row
STREAMED = [name for name in RECORDED if name not in ("cerebras", "ollama")]  # of which only whole answers are recorded
REFUSING = ["azure", "groq", "openai", "openrouter"]
TARGET = Target(provider="acme", model="theirs", served_as="served")

ERRORS_OF_STATUS_200 = {
    "azure e369e2000f4f2e32": UpstreamRejected,  # the content filter's verdict, with a status of 400 inside
    "groq 5d3a0e06eb7e3975": UpstreamBroke,  # hand-made: another service's answer
    "groq 85e098c40cf701ce": UpstreamRejected,  # an error event within the stream, with a status of 400 inside
    "groq cafc942ba4658065": UpstreamRejected,  # the same
    "mistral c3a9be3ed6665006": UpstreamBroke,  # an answer of the transcription endpoint
    "openrouter 91574c4360df100c": UpstreamRejected,  # the last chunk holds an error with code 400
    "vertex cd077b28abcc4a23": UpstreamBroke,  # an answer of the embeddings endpoint
}
"""Recordings of status 200 that hold no answer, and what they are to us."""

NO_TYPES_OF_THE_SDK = (
    "service_tier",  # Groq's on_demand and OpenRouter's provisioned are tiers of theirs
    "choices.0.message.annotations.0",  # OpenRouter annotates with files
)
"""Where the SDK's strict mode knows fewer values than vendors have. They are the vendor's word, and stay."""


CHOICES_SET_RIGHT = {"bedrock", "cerebras", "groq", "mistral", "ollama", "openrouter", "together"}
"""Vendors some of whose whole answers break the contract within the choices; of all others they stay to the byte."""


class Judge:
    """The recordings, and the code beside them that says what is right."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.oracle = _module(folder / "oracle.py")
        rules = ast.parse((folder / "replay_check.py").read_text("utf-8"))
        wanted: list[ast.stmt] = [
            n for n in rules.body if isinstance(n, ast.FunctionDef) and n.name in ("grammar_chat", "cmp")
        ]
        names: dict[str, Any] = {"oracle": self.oracle, "json": json}
        # The script reads its command line when it is imported, so that only its two rules are taken.
        exec(compile(ast.Module(wanted, []), "replay_check.py", "exec"), names)  # noqa: S102
        self.differences: Callable[[Any, Any], list[str]] = names["cmp"]
        self.breaches: Callable[[bytes, bool], list[str]] = names["grammar_chat"]

    def chats(self, vendor: str) -> Iterator[tuple[str, dict[str, Any], bytes]]:
        """Name, recording and body of each chat recording of `vendor`."""
        for line in self.oracle.recordings(str(self.folder / f"{vendor}.jsonl.gz")):
            recording = json.loads(line)
            if recording["api"] == "chat":
                resp = recording["resp"]
                body = base64.b64decode(resp["b64"]) if "b64" in resp else resp["t"].encode("utf-8", "surrogatepass")
                yield f"{vendor} {recording['id']}", recording, body


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def judge(shared: Path) -> Judge:
    return Judge(shared / "recordings")


def provider(vendor: str) -> Compatible:
    row = ROWS.get(vendor, ROWS["compatible"])
    return Compatible("acme", row, base_url="https://vendor.example/v1", api_key="key-of-this-test")


def read_stream(vendor: Compatible, body: bytes, sizes: list[int], *, include_usage: bool) -> tuple[Any, list[Frame]]:
    reader = vendor.reader(a_call(stream=True, include_usage=include_usage), TARGET)
    frames = [frame for part in split(body, sizes) for frame in reader.feed(part)]
    return reader, frames + reader.close()


def strict_mode_says(kind: type, data: bytes) -> list[str]:
    try:
        validate_type(type_=kind, value=json.loads(data))
    except ValidationError as error:
        places = {".".join(map(str, each["loc"])) for each in error.errors()}
        return [f"strict mode: {place}" for place in places if not place.startswith(NO_TYPES_OF_THE_SDK)]
    return []


@pytest.mark.parametrize("vendor", WHOLE)
def test_whole_answers(judge: Judge, vendor: str) -> None:
    acme = provider(vendor)
    failures, read = [], 0
    for name, recording, body in judge.chats(vendor):
        if recording["stream"] or recording["status"] >= 400 or name in ERRORS_OF_STATUS_200:
            continue
        read += 1
        answer = acme.read(Reply(200, {}, body), a_call(), TARGET)
        want, got = judge.oracle.read("chat", body, False), judge.oracle.read("chat", answer.body, False)
        problems = judge.differences(want, got) + strict_mode_says(ChatCompletion, answer.body)
        theirs, ours = json.loads(body), json.loads(answer.body)
        if (ours["id"], ours["model"]) != (CALL_ID, "served"):
            problems.append("id or model is not ours")
        if answer.upstream_id != theirs["id"]:
            problems.append("the vendor's id is lost")
        if want["reasoning"] != got["reasoning"]:
            problems.append("reasoning")
        if answer.usage is None or answer.usage.prompt_tokens != want["usage"]["in"]:
            problems.append("usage")
        if len(answer.finish_reasons) != len(theirs["choices"]):
            problems.append("finish reasons")
        changed = {key for key in theirs if theirs[key] != ours[key]} - {"id", "model"}
        if changed and not (changed == {"choices"} and vendor in CHOICES_SET_RIGHT):
            problems.append(f"changed: {changed}")
        failures += [f"{name}: {problem}" for problem in problems]
    assert failures == []
    assert read > 0


@pytest.mark.parametrize("include_usage", [True, False])
@pytest.mark.parametrize("vendor", STREAMED)
def test_streams(judge: Judge, vendor: str, include_usage: bool) -> None:
    acme = provider(vendor)
    failures, read = [], 0
    for number, (name, recording, body) in enumerate(judge.chats(vendor)):
        if not recording["stream"] or recording["status"] >= 400 or name in ERRORS_OF_STATUS_200:
            continue
        read += 1
        reader, frames = read_stream(acme, body, [len(body)], include_usage=include_usage)
        problems = [] if reader.done else ["not done"]
        problems += splits(acme, name, body, frames, number % 10 == 0, include_usage=include_usage)
        told = b"".join(sse.event(frame.data) for frame in frames) + sse.DONE
        want, got = judge.oracle.read("chat", body, True), judge.oracle.read("chat", told, True)
        problems += judge.breaches(told, include_usage and bool(want["usage"]))
        problems += judge.differences(want if include_usage else {**want, "usage": {}}, got)
        if want["reasoning"] != got["reasoning"]:
            problems.append("reasoning")
        if bool(want["usage"]) != (reader.usage is not None):
            problems.append("usage is not metered")
        if reader.usage is not None and reader.usage.prompt_tokens != want["usage"]["in"]:
            problems.append("usage is metered wrongly")
        chunks = [json.loads(frame.data) for frame in frames]
        problems += contract(chunks, include_usage=include_usage)
        problems += [problem for frame in frames for problem in strict_mode_says(ChatCompletionChunk, frame.data)]
        first = next(i for i, frame in enumerate(frames) if frame.content)
        if any(text_of(chunk) for chunk in chunks[:first]) or not any(frame.content for frame in frames):
            problems.append("content is not marked")
        failures += [f"{name}: {problem}" for problem in problems]
    assert failures == []
    assert read > 0


def splits(
    vendor: Compatible, name: str, body: bytes, frames: list[Frame], every_way: bool, *, include_usage: bool
) -> list[str]:
    """Reads `body` in random parts, and, as that is slow, a few bodies byte by byte and with other line ends too."""
    sizes = random.Random(name).choices([1, 2, 3, 7, 17, 64, 200], k=50)
    ways = [("random", body, sizes)]
    if every_way:
        ways += [
            ("byte", body, [1]),
            ("crlf", body.replace(b"\n", b"\r\n"), sizes),
            ("cr", body.replace(b"\n", b"\r"), sizes),
            ("ping", body.replace(b"\n\ndata: ", b"\n\n: keep-alive\n\ndata: "), sizes),
        ]
    return [
        f"other frames: {way}"
        for way, data, parts in ways
        if read_stream(vendor, data, parts, include_usage=include_usage)[1] != frames
    ]


def text_of(chunk: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def contract(chunks: list[dict[str, Any]], *, include_usage: bool) -> list[str]:
    """What OpenAI's chat contract says beyond the recordings' own rules."""
    problems = []
    if {(chunk["id"], chunk["model"]) for chunk in chunks} != {(CALL_ID, "served")}:
        problems.append("id or model is not ours")
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    ends = Counter(choice["index"] for choice in choices if choice.get("finish_reason"))
    roles = Counter(choice["index"] for choice in choices if choice["delta"].get("role"))
    if ends != Counter({choice["index"] for choice in choices}):
        problems.append(f"ends of the choices: {ends}")
    if any(count > 1 for count in roles.values()):
        problems.append(f"roles of the choices: {roles}")
    if len([chunk for chunk in chunks if chunk.get("usage")]) > include_usage:
        problems.append("usage that nobody asked for")
    return problems


@pytest.mark.parametrize("name", sorted(ERRORS_OF_STATUS_200))
def test_what_holds_no_answer(judge: Judge, name: str) -> None:
    vendor, wanted = name.split()
    ((recording, body),) = [(r, b) for _, r, b in judge.chats(vendor) if r["id"] == wanted]
    assert judge.oracle.read("chat", body, recording["stream"])["error"]
    acme = provider(vendor)

    def read() -> Any:
        if recording["stream"]:
            return read_stream(acme, body, [1000], include_usage=True)
        return acme.read(Reply(200, {}, body), a_call(), TARGET)

    with pytest.raises(ERRORS_OF_STATUS_200[name]):
        read()


@pytest.mark.parametrize("vendor", REFUSING)
def test_errors(judge: Judge, vendor: str) -> None:
    refused = [each for each in judge.chats(vendor) if each[1]["status"] >= 400]
    assert refused
    for name, recording, body in refused:
        status = recording["status"]
        error = provider(vendor).explain(Reply(status, recording["resp_headers"], body), a_call())
        assert error.status == (502 if status == 401 else status), name
        assert error.upstream_status == status
        said = json.loads(body)["error"]
        if status == 401:
            assert said["message"] not in error.message
        else:
            assert said["message"] in error.message
        if status in (400, 404):
            assert (error.param, error.code) == (said.get("param"), said.get("code")), name


@pytest.mark.parametrize("vendor", STREAMED)
def test_a_stream_that_is_cut_is_never_told_as_whole(judge: Judge, vendor: str) -> None:
    streams = [each for each in judge.chats(vendor) if each[1]["stream"] and each[1]["status"] < 400]
    assert streams
    for name, _, body in streams:
        end = body.find(b'"finish_reason":"')
        cut = body[: min(int(len(body) * 0.6), end if end > 0 else len(body))]
        try:
            read_stream(provider(vendor), cut, [333], include_usage=True)
        except UpstreamError:
            continue
        pytest.fail(f"{name}: cut at {len(cut)} of {len(body)} bytes, and told as whole")


def test_no_recorded_vendor_is_left_out(judge: Judge) -> None:
    """Every vendor with recorded chats is read by the tests above, with its own row unless it has none."""
    with_chats = set()
    for file in (judge.folder).glob("*.jsonl.gz"):
        vendor = file.name.removesuffix(".jsonl.gz")
        if any(True for _ in judge.chats(vendor)):
            with_chats.add(vendor)
    assert with_chats == {*WHOLE, "vertex"}
