"""Makes a very small model with everything that `make model` does. Run by `make model-check`: it needs PyTorch."""

from __future__ import annotations

import itertools
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import torch
import xllamacpp
from training.batches import LENGTHS, Batches
from training.chat import pieces
from training.conversations.draw import Draw
from training.conversations.systems import GENERIC_SYSTEMS
from training.mixture import STAGES, Mixture, sources

from training import __main__ as command
from training import export, learn, network, tokenizer

SMALL = {"width": 64, "layers": 2, "heads": 2, "kv_heads": 1, "hidden": 128}


@pytest.fixture(autouse=True)
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_TRAIN_COMPILE", "0")


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    command.make_tokenizer(folder / "tokenizer.json", 4000)
    return tokenizer.load(folder / "tokenizer.json")


def small(tokens: Any) -> network.Shape:
    return network.Shape(tokens.get_vocab_size(), **SMALL)


def test_every_row_has_its_share() -> None:
    assert set(STAGES[-1].shares) == {source.row for source in sources()}
    assert sum(stage.share for stage in STAGES) == pytest.approx(1)
    for stage in STAGES:
        assert sum(stage.shares.values()) == pytest.approx(1)


def test_each_stage_has_its_steps() -> None:
    plan = learn.Plan(steps=1100, copying=100)
    stages = [plan.stage(step) for step in range(plan.steps)]
    assert stages == sorted(stages)
    wanted = [round(1000 * stage.share) for stage in STAGES]
    assert [stages.count(n) for n in range(len(STAGES))] == pytest.approx([100 + wanted[0], *wanted[1:]], abs=1)


def test_a_model_that_is_trained_further_has_no_drills() -> None:
    plan = learn.Plan(steps=100, copying=0, drills=False)
    assert {plan.stage(step) for step in range(100)} == {len(STAGES) - 1}


def test_the_tokenizer_is_the_same_each_time(tokens: Any, tmp_path: Path) -> None:
    command.make_tokenizer(tmp_path / "again.json", 4000)
    assert tokenizer.load(tmp_path / "again.json").to_str() == tokens.to_str()


@pytest.mark.parametrize("text", ["Zörblat, 42!", "naïve 東京 🙂\n\tx", "x" * 300])
def test_any_text_comes_back_from_its_tokens(tokens: Any, text: str) -> None:
    assert tokens.decode(tokens.encode(text).ids) == text


def test_digits_stand_alone(tokens: Any) -> None:
    assert [t for t in tokens.encode("12 + 345").tokens if any(c.isdigit() for c in t)] == list("12345")


def test_what_is_copied_has_the_same_tokens_at_both_places(tokens: Any) -> None:
    after_space, quoted = tokens.encode("say Quordlepleen").tokens, tokens.encode('"Quordlepleen').tokens
    assert after_space[-len(quoted) + 1 :] == quoted[1:]


def test_batches_teach_the_answer_alone(tokens: Any) -> None:
    for batch in itertools.islice(Batches(Mixture(Draw("test"), GENERIC_SYSTEMS), tokens, 4096), 20):
        ids, targets, weights = batch
        assert ids.shape == targets.shape == weights.shape
        assert ids.shape[1] in LENGTHS
        for row, target in zip(ids, targets, strict=True):
            learnt = target >= 0
            assert learnt.any()
            # A token that is learnt is the next one of its own row.
            following = torch.cat([row[1:], torch.tensor([-1])])
            inner = learnt & (following > 0)
            assert torch.equal(target[inner], following[inner])
            # The last one is the mark that ends an answer.
            assert tokens.id_to_token(int(target[learnt][-1])) == "<|im_end|>"


def test_training_learns_goes_on_and_leaves_a_curve(tokens: Any, tmp_path: Path) -> None:
    learn.learn(learn.Plan(steps=12, copying=4, warm_up=4, tokens=1024, rate=0.005), tokens, tmp_path, small(tokens))
    first = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["losses"]
    learn.learn(learn.Plan(steps=40, copying=4, warm_up=4, tokens=1024, rate=0.005), tokens, tmp_path, small(tokens))
    losses = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["losses"]
    assert losses[:12] == first
    assert len(losses) == 40
    assert sum(losses[-5:]) < sum(losses[:5]) * 0.9
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_network(tokens: Any, tmp_path: Path) -> None:
    plan = learn.Plan(steps=4, copying=2, tokens=1024)
    one = learn.learn(plan, tokens, tmp_path / "one", small(tokens))
    other = learn.learn(plan, tokens, tmp_path / "other", small(tokens))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def test_the_mean_of_checkpoints(tokens: Any, tmp_path: Path) -> None:
    states = []
    for seed in (1, 2):
        plan = learn.Plan(steps=2, copying=1, tokens=1024, seed=seed)
        learn.learn(plan, tokens, tmp_path / str(seed), small(tokens))
        states.append(learn.read(tmp_path / str(seed) / "checkpoint.pt").state_dict())
    found = learn.mean([tmp_path / "1" / "checkpoint.pt", tmp_path / "2" / "checkpoint.pt"]).state_dict()
    assert any(not torch.equal(one, other) for one, other in zip(*(state.values() for state in states), strict=True))
    for name, weights in found.items():
        torch.testing.assert_close(weights, (states[0][name] + states[1][name]) / 2)


def test_a_model_file_is_trained_further(tokens: Any, tmp_path: Path) -> None:
    """What is read from a file is what was written; training then begins with its weights."""
    plan = learn.Plan(steps=30, copying=0, warm_up=4, tokens=1024, rate=0.005)
    trained = learn.learn(plan, tokens, tmp_path / "first", small(tokens))
    export.export(trained, tokens, tmp_path / "model.gguf")
    network_, tokens_ = export.read(tmp_path / "model.gguf")
    export.export(network_, tokens_, tmp_path / "again.gguf")
    assert (tmp_path / "again.gguf").read_bytes() == (tmp_path / "model.gguf").read_bytes()
    assert tokens_.to_str() == tokens.to_str()
    learn.learn(learn.Plan(steps=2, copying=0, tokens=1024), tokens_, tmp_path / "second", network_.shape, network_)
    untrained, further = (
        torch.load(tmp_path / run / "checkpoint.pt", weights_only=True)["losses"][1] for run in ("first", "second")
    )  # the second step's: the first one copies random tokens
    assert further < untrained * 0.95


def test_another_shape_is_not_taken_up(tokens: Any, tmp_path: Path) -> None:
    learn.learn(learn.Plan(steps=1, copying=0, tokens=512), tokens, tmp_path, small(tokens))
    with pytest.raises(ValueError, match="another shape"):
        learn.learn(
            learn.Plan(steps=2, copying=0, tokens=512), tokens, tmp_path, network.Shape(2048, **SMALL | {"layers": 1})
        )


def test_llama_cpp_reads_what_was_trained(tokens: Any, tmp_path: Path) -> None:
    """The file loads, cuts text into the very same tokens, and gives the very same next token."""
    plan = learn.Plan(steps=80, copying=0, warm_up=4, tokens=1024, rate=0.005)  # enough to have an opinion
    trained = learn.learn(plan, tokens, tmp_path, small(tokens)).eval()
    model = tmp_path / "model.gguf"
    export.export(trained, tokens, model)
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_parallel, params.n_ctx, params.fit_params, params.warmup, params.verbosity = 1, 2048, False, False, 0
    params.hostnames, params.port, params.cache_ram_mib = ["127.0.0.1"], 0, 0
    server = xllamacpp.Server(params)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            server.listening_address + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    same = 0
    examples = list(itertools.islice(Mixture(Draw("parity"), GENERIC_SYSTEMS), 60))
    for example in examples:
        body: dict[str, Any] = {"messages": example.messages} | ({"tools": example.tools} if example.tools else {})
        prompt = post("/apply-template", body)["prompt"]
        assert "".join(piece.text for piece in pieces(example, history=False)).startswith(prompt)
        ids, learnt = tokenizer.encode(tokens, pieces(example, history=False))
        ids = ids[: learnt.index(True) - example.forced]
        question = {"content": prompt, "parse_special": True, "add_special": False}
        assert post("/tokenize", question)["tokens"] == ids
        with torch.no_grad():
            scores = trained.logits(trained(torch.tensor([ids]))[0, -1])
        given = post("/completion", {"prompt": ids, "n_predict": 1, "temperature": 0, "return_tokens": True})
        same += int(given["tokens"][0] == int(scores.argmax()))
    assert same >= 57  # of 60: Q8_0 rounds, and two tokens may be next to equal
