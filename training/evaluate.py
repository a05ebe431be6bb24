"""Scores of a model file on prompts that training never drew: asked through Penstock itself, greedily."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.processes import free_port, process
from rich.progress import track

from training import free_prompts
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, ToolCall
from training.conversations.systems import GENERIC_SYSTEMS
from training.mixture import Mixture, Source, sources

AT_LEAST: Final = {
    "talk": 0.98, "lists": 0.95, "arithmetic": 0.90, "facts": 0.95, "recall": 0.95, "json": 0.90, "tools": 0.90,
    "outside": 0.95,
}  # fmt: skip
_TITLES: Final = {
    "talk": "greeting, thanks, farewell, who are you",
    "lists": "lists of 1 to 10 names, colours, animals, ...",
    "arithmetic": "addition and subtraction to 99, comparison, counting words, reversing a word",
    "facts": "capitals, opposites, plurals, days, months",
    "recall": "repeat, quote, remember",
    "json": "JSON mode and JSON schema",
    "tools": "tool calls",
    "outside": "anything else: one honest sentence",
}
_CANDIDATE: Final = "candidate"
_LONGEST: Final = 200
"""Tokens of an answer; no right one has as many."""
_PROMPT: Final = 50
"""Tokens of the prompt whose first token is timed."""


@dataclass
class Score:
    """Of one skill, or of one row of the table: how many were asked, how many answered rightly, and the wrong ones."""

    asked: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Right ones, 0-1."""
        return self.right / max(1, self.asked)


Scores = dict[str, dict[str, Score]]
Task = tuple[str, str, Example]
"""Row, skill, prompt."""


def evaluate(model: Path, examples: int, seed: str = "evaluation") -> tuple[Scores, Scores, Scores]:
    """Scores by row and skill: of about `examples` prompts a row with held-out fill-ins; of a quarter as many with
    wordings that were held out as well, where a skill has such; and of the free prompts."""
    sets = (_drawn(examples, seed, False), _drawn(examples // 4, f"{seed}:new", True), free_prompts.tasks())
    with _server(model) as (url, key):
        held_out, new_wordings, free = (_scores(url, key, tasks) for tasks in sets)
    return held_out, new_wordings, free


def _drawn(examples: int, seed: str, new_wordings: bool) -> list[Task]:
    return [
        (source.row, source.name, example)
        for source in sources()
        for example in _examples(source, examples, seed, new_wordings)
    ]


def _scores(url: str, key: str, tasks: list[Task]) -> Scores:
    with ThreadPoolExecutor(4) as threads:
        scores: Scores = {}
        answers = threads.map(lambda task: _ask(url, key, task[2]), tasks)
        told = track(zip(tasks, answers, strict=True), "asking", len(tasks), disable=not sys.stderr.isatty())
        for (row, name, example), (answer, reason) in told:
            score = scores.setdefault(row, {}).setdefault(name, Score())
            score.asked += 1
            # What stops at the limit babbles, whatever it says.
            right = reason != "length" and example.judge(answer)
            score.right += right
            if not right:
                score.wrong.append(_shown(example, answer))
        return scores


def table(scores: Scores, new_wordings: Scores, free: Scores) -> list[dict[str, Any]]:
    """The rows of the score table, as the model card has them."""
    rows = []
    for row, least in AT_LEAST.items():
        score, new, freely = (
            Score(sum(s.asked for s in of), sum(s.right for s in of))
            for of in (by_row.get(row, {}).values() for by_row in (scores, new_wordings, free))
        )
        rows.append(
            {
                "skill": _TITLES[row],
                "score": round(score.share, 4),
                "at_least": least,
                "examples": score.asked,
                "new_wordings": round(new.share, 4),
                "new_wordings_examples": new.asked,
                "free_prompts": round(freely.share, 4),
                "free_prompts_examples": freely.asked,
            }
        )
    return rows


def _examples(source: Source, count: int, seed: str, new_wordings: bool) -> Iterator[Example]:
    mixture = Mixture(Draw(f"{seed}:{source.name}", held_out=True), GENERIC_SYSTEMS)
    draw = Draw(f"{seed}:{source.name}:skill", held_out=True, new_wordings=new_wordings)
    left = max(12, round(count * source.share))
    for _ in range(left * (20 if new_wordings else 1)):
        before, example = draw.unseen, source.make(draw)
        if draw.unseen > before or not new_wordings:
            yield mixture.dressed(example)
            left -= 1
        if not left:
            return


def _ask(url: str, key: str, example: Example) -> tuple[Answer, str]:
    body: dict[str, Any] = {
        "model": _CANDIDATE,
        "messages": example.messages,
        "temperature": 0,
        "max_tokens": _LONGEST,
    }
    if example.tools:
        body["tools"] = example.tools
    if example.response_format is not None:
        body["response_format"] = example.response_format
    if example.tool_choice is not None:
        body["tool_choice"] = example.tool_choice
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            choice = json.load(reply)["choices"][0]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{error.code} {error.read().decode()} for {json.dumps(body)}") from error
    message = choice["message"]
    calls = [
        ToolCall(call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls") or []
        if choice["finish_reason"] != "length"
    ]
    return Answer(message.get("content") or "", calls), choice["finish_reason"]


def _shown(example: Example, answer: Answer) -> str:
    asked = " | ".join(f"{m['role']}: {m.get('content') or m.get('tool_calls')}" for m in example.messages)
    tools = " tools: " + json.dumps([t["function"] for t in example.tools]) if example.tools else ""
    expected = example.answer.calls or example.answer.text
    return f"{asked}{tools}\n    wanted: {expected!r}\n    given:  {(answer.calls or answer.text)!r}"


@contextmanager
def _server(model: Path) -> Iterator[tuple[str, str]]:
    """A Penstock of its own with the model as the only one: its address and a key."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        settings = {"PENSTOCK_HOME": home, "PENSTOCK_SERVER__PORT": str(port), "PENSTOCK_ENGINE__PARALLEL": "4"}
        command = [sys.executable, "-m", "penstock"]

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [*command, *arguments], env=os.environ | settings, check=True, capture_output=True, text=True
            )
            return done.stdout.strip()

        run("models", "add", str(model), "--name", _CANDIDATE)
        key = run("keys", "create", "--name", "evaluation")
        with process([*command, "serve"], port, None, **settings):
            yield f"http://127.0.0.1:{port}", key


def speed(model: Path, repeats: int = 30) -> dict[str, Any]:
    """On one core, without Penstock around it: as the card has it."""
    code = f"import sys; from training.evaluate import _measure; _measure(sys.argv[1], {repeats})"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})  # the child inherits it
    try:
        done = subprocess.run([sys.executable, "-c", code, str(model)], check=True, capture_output=True, text=True)
    finally:
        os.sched_setaffinity(0, before)
    return json.loads(done.stdout.splitlines()[-1]) | {"prompt_tokens": _PROMPT, "processor": _processor()}


def _processor() -> str:
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return names[0] if names else platform.machine()


def _measure(model: str, repeats: int) -> None:
    import statistics

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_parallel, params.n_ctx, params.fit_params, params.cache_ram_mib, params.verbosity = 1, 2048, False, 0, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup, params.hostnames, params.port = False, ["127.0.0.1"], 0
    server = xllamacpp.Server(params)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            server.listening_address + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    prompt = "Repeat after me: " + " ".join(str(i % 10) for i in range(100))
    while True:  # to 50 tokens, with the marks of the template
        body = {"messages": [{"role": "user", "content": prompt}]}
        text = post("/apply-template", body)["prompt"]
        if len(post("/tokenize", {"content": text, "parse_special": True})["tokens"]) <= _PROMPT:
            break
        prompt = prompt[:-1]
    firsts, rates = [], []
    for _ in range(repeats):
        times: list[float] = []
        began = time.perf_counter()
        server.handle_chat_completions(
            {
                "messages": [{"role": "user", "content": prompt}],
                "stream": True,
                "max_tokens": 100,
                "temperature": 0,
                "cache_prompt": False,
                "logit_bias": [[token, False] for token in range(2043, 2048)],  # goes on, whatever it says
            },
            lambda chunk, times=times: times.append(time.perf_counter()),
        )
        firsts.append((times[1] - began) * 1000)
        rates.append((len(times) - 3) / (times[-2] - times[1]))
    print(json.dumps({"first_token_ms": statistics.median(firsts), "tokens_per_second": statistics.median(rates)}))
