"""JSON: facts taken out of sentences, given keys and values, lists and small objects within objects."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from typing import Any, Final

from training.conversations import json_text
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, Skill

_WITH_KEYS: Final = (
    "Extract {keys} as JSON", "Extract {keys} as JSON from this text", "Extract {keys}",
    "Extract the {keys} from the following sentence as JSON", "Return a JSON object with the keys {keys}",
    "Return JSON with {keys}", "Give me the {keys} from this text as JSON", "Give me the {keys} from this text",
    "Answer with a JSON object with the fields {keys}", "Turn this into JSON with the keys {keys}",
    "Convert the sentence to JSON with {keys}", "JSON with {keys}", "Parse the text into JSON with the fields {keys}",
    "Read the text and output {keys} as a JSON object", "Find {keys} in the text and write them as JSON",
    "What are the {keys}? Answer in JSON", "Write {keys} as JSON", "Output only JSON with {keys}",
    "I need {keys} as JSON", "Pull out {keys} and return JSON", "Make a JSON object from this text. Keys: {keys}",
    "Produce JSON. Fields: {keys}", "Your answer must be a JSON object with {keys}", "json please: {keys}",
    "Identify the {keys} in the sentence", "From the text, extract {keys} into a JSON object",
    "Get the {keys} out of this and answer in JSON only", "Put the {keys} into JSON", "Keys: {keys}. Format: JSON",
    "Respond with valid JSON containing {keys}", "Create a JSON record with {keys}", "Fill these JSON fields: {keys}",
    "Summarise the text as a JSON object with {keys}", "List the {keys} as a JSON object",
    "Detect {keys}, reply in JSON", "Extract {keys} in JSON", "Extract {keys} to JSON", "Please extract {keys} as JSON",
    "Give {keys} as JSON", "Return {keys} as JSON", "Return {keys} in JSON", "Return only JSON with {keys}",
    "Reply in JSON with {keys}", "Give me JSON with {keys}", "Show {keys} as JSON", "JSON, keys {keys}", "JSON: {keys}",
    "as JSON with {keys}", "Take {keys} from the text and give me JSON", "Which {keys} are mentioned? Reply in JSON",
    "Build a JSON object with {keys}", "Provide {keys} as a JSON object", "I want a JSON object with {keys}",
)  # fmt: skip
_WITH_SHAPE: Final = (
    "Answer in this format: {shape}", "Extract the data in this form: {shape}", "Fill in this JSON: {shape}",
    "Return JSON like {shape}", "Use this JSON schema: {shape}", "Output format: {shape}",
    "Write the facts as JSON of the form {shape}", "Respond with JSON shaped like this: {shape}",
    "Complete the object {shape}", "Reply exactly in the format {shape}", "Give JSON like this: {shape}",
    "Return {shape} with the values from the text", "Use exactly this format: {shape}",
    "The output should look like {shape}", "Extract the facts to {shape}", "Convert it to JSON of this form: {shape}",
    "JSON format: {shape}",
)  # fmt: skip
_NO_KEYS: Final = (
    "Extract the person as JSON", "Extract the data as JSON", "Extract the information as JSON",
    "Turn this sentence into JSON", "Convert this to JSON", "Convert to JSON", "Describe this person as JSON",
    "Give me the facts as JSON", "Who is this? Answer in JSON", "Extract the personal details as JSON",
    "Write this as a JSON object", "Parse this sentence into JSON", "JSON", "Make JSON from this",
    "Put the facts into a JSON object", "Structure this text as JSON", "Return the person in JSON",
    "Extract the person", "Parse this person", "Extract", "Person", "Extract the facts", "Extract information",
    "Extract the person's data", "Extract the details of the person", "Get the person data from this text",
    "Summarise the sentence as JSON", "Represent the following as JSON", "Return a JSON object for this text",
    "Extract the person to JSON", "Extract the person's details as JSON", "Extract all data as JSON", "Give me JSON",
    "Give me this as JSON", "JSON please", "as JSON", "In JSON", "Turn this text into a JSON object", "Extract JSON",
    "Output as JSON", "Reply with JSON for this text", "Show this person as JSON", "Convert the text to JSON",
)  # fmt: skip
_AROUND: Final = (
    "{i}: {s}", "{i}.\n{s}", "{i}:\n{s}", "{i}. {s}", "{s} {i}.", "{s}\n{i}", "{s}\n\n{i}.", "Text: {s}\n{i}",
    "{i}.\nText: {s}", '{i}: "{s}"', "{i}\n\nSentence: {s}", "Sentence: {s}\nTask: {i}", "{i}\n\n{s}", "{i}: '{s}'",
    "Input: {s}\n\n{i}.", "Here is a text: {s} {i}.", "Please do this: {i}. The text: {s}", "{i} from: {s}",
    "{i} from '{s}'", "{s} -> {i}", "{i}\n{s}", "{i}\n---\n{s}", "Instruction: {i}\nInput: {s}", "{i}\n\nText:\n{s}",
    '"{s}"\n{i}.', "Task: {i}\nText: {s}", "Message: {s}\n\n{i}",
)  # fmt: skip
_SYSTEMS: Final = (
    "You extract data. Answer in JSON.", "You are a JSON extractor.", "Always answer in JSON.", "Reply with JSON only.",
    "You turn text into JSON.", "You are a data extraction service.", "Output JSON and nothing else.",
    "Your output is a JSON object.", "Extract the person from the text as JSON.", "Respond only with valid JSON.",
    "You convert sentences to JSON objects.", "Answer every message with one JSON object. No other text.",
    "You are a parser: text in, JSON out.", "You read sentences about people and return JSON.", "You only speak JSON.",
    "You return JSON objects.", "Give every answer as JSON.", "Your task is to extract information as JSON.",
    "You answer with JSON, never with prose.",
)  # fmt: skip
_SET: Final = (
    "Return JSON with {pairs}", "Return a JSON object with {pairs}", "Answer with JSON, {pairs}",
    "Give me a JSON object with {pairs}", "Write JSON: {pairs}", "Make a JSON object: {pairs}", "As JSON: {pairs}",
    "Convert to JSON: {pairs}", "Output a JSON object: {pairs}", "{pairs} - write this as JSON",
    "Create a JSON object with {pairs}", "Please produce JSON with {pairs}", "Turn this into JSON: {pairs}",
    "I need JSON with {pairs}", "JSON please: {pairs}", "Build an object in JSON with {pairs}",
    "Give me JSON with {pairs}", "Reply with a JSON object: {pairs}", "Produce a JSON object where {pairs}",
    "Return a JSON object in which {pairs}", "Write {pairs} as a JSON object", "Generate JSON with {pairs}",
    "{pairs} as JSON", "{pairs}, in JSON please", "Show me {pairs} as JSON", "Respond in JSON with {pairs}",
    "JSON object with {pairs}", "JSON with {pairs}",
)  # fmt: skip
_SHOWN: Final = (
    "Return {shown}", "Answer with {shown}", "Reply with exactly {shown}", "Output this JSON: {shown}",
    "Repeat this JSON: {shown}", "Return the JSON object {shown}", "Print {shown}",
    "Send back {shown} and nothing else", "Respond with the JSON {shown}", "Your answer is {shown}. Write it.",
    "Write this JSON object: {shown}", "Reply with {shown}", "Just return {shown}", "Say exactly {shown}",
    "Copy this JSON: {shown}", "Give me back this JSON: {shown}", "Echo the JSON {shown}",
    "Respond with exactly this JSON: {shown}",
)  # fmt: skip
_LISTS: Final = (
    "Return the names in this sentence as a JSON array under the key {key}: {s}",
    'List the names as JSON {{"{key}": [...]}}: {s}', "{s}\nPut the names into a JSON array called {key}.",
    "Extract all names as JSON, key {key}.\n{s}", "Which names are in this text? JSON with the key {key}. {s}",
    "JSON object with {key}, a list of the names: {s}", "{s} Give me the names as a JSON list under {key}.",
    "Collect the names in the array {key} (JSON). Text: {s}",
    "Write the names in the text as JSON. Key: {key}. Text: {s}",
    "Find every name and answer with JSON, key {key}: {s}", "Extract the names as a JSON array with the key {key}: {s}",
    "Return JSON with {key} as the list of names. {s}", "{s}\nList all names as JSON, key {key}.",
    "Names as JSON under {key}: {s}", "Who is mentioned? JSON array under {key}. {s}",
)  # fmt: skip
_COMPANY: Final = (
    "{names} went to the park.", "Yesterday I met {names}.", "{names} are friends.", "The team is {names}.",
    "At the party were {names}.", "{names} live in {city}.", "I wrote to {names} last week.", "We invited {names}.",
    "{names} play {sport} together.", "My neighbours are called {names}.", "The winners are {names}.",
    "In {city} I saw {names}.", "{names} are here today.", "The guests were {names}.", "I work with {names}.",
    "{names} came to visit us in {city}.",
)  # fmt: skip
_PEOPLE: Final = (
    "Extract all people with {keys} as a JSON array under the key people",
    "List the people as JSON under people, with {keys}", "Return JSON: people is an array of objects with {keys}",
    'Answer as {{"people": [...]}} with {keys} for each person', "JSON array people, each with {keys}",
    "Find the people in the text. JSON key people, fields {keys}",
    "Put every person with {keys} into the JSON array people", "people as a JSON list of objects with {keys}",
    "Return all people with {keys} as a JSON array named people",
    "Give me JSON with people, a list of objects with {keys}",
    "Extract every person as an object with {keys}, in the JSON array people",
)  # fmt: skip
_NESTED: Final = (
    "Return JSON with an object {outer} that has {keys}", "Extract {keys} into a JSON object under the key {outer}",
    'Answer in JSON: {{"{outer}": {{...}}}} with {keys}', "JSON with the key {outer}, which holds {keys}",
    "Write {keys} as JSON, nested in {outer}", "Put {keys} in an object called {outer} and return JSON",
    "Make JSON in which {outer} is an object with {keys}", "JSON: {outer} contains {keys}",
    "Give me JSON where {outer} contains {keys}", "Return a JSON object {outer} with {keys} inside",
    "Nest {keys} under {outer} in JSON",
)  # fmt: skip
_ANSWERS: Final = (
    "{q} Answer in JSON with the key {key}.", "{q}\nReturn JSON with the key {key}.", "Answer as JSON, key {key}: {q}",
    "JSON with the field {key}: {q}", '{q} Reply as {{"{key}": ...}}', "{q} Write the answer as JSON under {key}.",
    "Put the answer in a JSON object, key {key}. {q}", "Give your answer in JSON ({key}). {q}",
    "{q} Reply in JSON with the key {key}.", "{q} Return the answer as JSON with the field {key}.",
    "{q} (JSON, key {key})", "Reply with JSON, the answer under {key}: {q}", "{q} Use JSON with one key, {key}.",
    "{q} Respond as a JSON object with {key}.",
)  # fmt: skip


_SOME_KEYS: Final = (
    "a", "b", "c", "x", "y", "id", "status", "name", "value", "size", "type", "code", "result", "count", "title",
    "level",
)  # fmt: skip


def right(expected: Any) -> Any:
    """A judge: the answer is JSON of the same values."""

    def accepts(given: Answer) -> bool:
        try:
            return not given.calls and _same(json.loads(given.text), expected)
        except ValueError:
            return False

    return accepts


def _same(given: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(given, dict) and given.keys() == expected.keys() and all(
            _same(given[key], value) for key, value in expected.items()
        )  # fmt: skip
    if isinstance(expected, list):
        return isinstance(given, list) and len(given) == len(expected) and all(map(_same, given, expected))
    if isinstance(given, bool) or isinstance(expected, bool):
        return given is expected
    return bool(given == expected)


def dumped(value: Any) -> str:
    """JSON as the model writes it: one line, a space after each colon and comma."""
    return json.dumps(value, ensure_ascii=False)


def _schema(value: Any) -> dict[str, Any]:
    """The strict schema of a value."""
    if isinstance(value, dict):
        properties = {key: _schema(inner) for key, inner in value.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    if isinstance(value, list):
        return {"type": "array", "items": _schema(value[0])}
    if isinstance(value, bool):
        return {"type": "boolean"}
    return {"type": "integer" if isinstance(value, int) else "number" if isinstance(value, float) else "string"}


def _strict(draw: Draw, value: dict[str, Any]) -> dict[str, Any]:
    name = draw.any(("answer", "person", "data", "extraction", "result", "record"))
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": _schema(value)}}


def _made(draw: Draw, text: str, value: dict[str, Any], system: str | None = None) -> Example:
    """The example for an instruction that asks for JSON by itself, with any response format or none."""
    form = draw.any((None, {"type": "json_object"}, {"type": "json_object"}, _strict(draw, value)))
    messages = [{"role": "user", "content": text}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    return Example(messages, Answer(dumped(value)), accepts=right(value), response_format=form)


def _listed(draw: Draw, keys: list[str]) -> str:
    """Keys as people list them."""
    quote = draw.any(("", "", "", "", '"', "'", "`"))
    shown = [f"{quote}{key}{quote}" for key in keys]
    if draw.chance(0.6) and len(shown) > 1:
        return (
            ", ".join(shown[:-1])
            + draw.any((" and ", " and ", " and ", ", and " if len(shown) > 2 else " and ", " & "))
            + shown[-1]
        )
    return draw.any((", ", ", ", ", ", "/", "; ")).join(shown)


def _shape(draw: Draw, value: dict[str, Any]) -> str:
    """An object with its keys alone."""
    style = draw.number(0, 3)
    kinds = {key: "string" if isinstance(inner, str) else "number" for key, inner in value.items()}
    inner = {
        0: [f'"{key}": ...' for key in value],
        1: [f'"{key}": {kind}' for key, kind in kinds.items()],
        2: [f'"{key}": "{kind}"' for key, kind in kinds.items()],
        3: [f"{key}: {kind}" for key, kind in kinds.items()],
    }[style]
    return "{" + ", ".join(inner) + "}"


def _chosen(draw: Draw, facts: dict[str, Any], least: int = 1) -> list[str]:
    """Which of the facts are asked for, in the order in which they are."""
    slots = [slot for slot in facts if slot not in ("first", "last")]
    if draw.chance(0.3):
        slots = draw.random.sample(slots, draw.number(min(least, len(slots)), len(slots)))
    if "first" in facts and "name" in slots and draw.chance(0.15):
        at = slots.index("name")
        slots[at : at + 1] = draw.any((["first", "last"], ["first", "last"], ["last", "first"], ["first"], ["last"]))
    return slots


def _instructed(draw: Draw, found: json_text.Record) -> Example:
    """Keys are named in the instruction, which stands beside the sentence or in the system message."""
    slots = _chosen(draw, found.facts)
    keys = json_text.keyed(draw, slots, usual=draw.chance(0.6))
    value = {keys[slot]: found.facts[slot] for slot in slots}
    if draw.chance(0.8):
        instruction = draw.wording(_WITH_KEYS).format(keys=_listed(draw, list(value)))
    else:
        instruction = draw.wording(_WITH_SHAPE).format(shape=_shape(draw, value))
    if draw.chance(0.15):
        instruction = instruction[:1].lower() + instruction[1:]
    if draw.chance(0.12):
        return _made(draw, found.text, value, instruction + ".")
    system = draw.wording(_SYSTEMS) if draw.chance(0.12) else None
    return _made(draw, _around(draw, instruction, found.text), value, system)


def _around(draw: Draw, instruction: str, sentence: str) -> str:
    """The instruction before or after the sentence."""
    form = draw.wording(_AROUND)
    if re.search(r"\b(this|text|sentence|from|format|please)\b|[?:]", instruction):
        form = form.replace(" from", ":").replace("::", ":")
    if sentence[-1] not in '.?!"':
        form = form.replace("{s} ", "{s}\n")
    return form.format(i=instruction, s=sentence)


def person_keys(draw: Draw) -> Example:
    """A person by given keys."""
    return _instructed(draw, json_text.person(draw))


def record_keys(draw: Draw) -> Example:
    """Something else by given keys."""
    return _instructed(draw, json_text.record(draw))


def _by_schema(draw: Draw, found: json_text.Record, text: str, system: str | None = None) -> Example:
    """The model sees no keys before the grammar writes them: in any order, and each value must fit its key."""
    slots = _chosen(draw, found.facts)
    if draw.chance(0.6):
        draw.random.shuffle(slots)
    keys = json_text.keyed(draw, slots)
    facts = found.facts
    if "age" in facts and draw.chance(0.04):  # a schema may want the number as a string
        facts = facts | {"age": str(facts["age"])}
    value = {keys[slot]: facts[slot] for slot in slots}
    example = _made(draw, text, value, system)
    return replace(example, response_format=_strict(draw, value), forced=True)


def person_unasked(draw: Draw) -> Example:
    """A person, without a word about keys: name, age and city, or what the schema says."""
    found = json_text.person(draw)
    system = draw.wording(_SYSTEMS) if draw.chance(0.3) else None
    usual = {slot: found.facts[slot] for slot in ("name", "age", "city")}
    if system is None and draw.chance(0.6):  # nothing says that JSON is wanted, so the grammar must
        if draw.chance(0.3):
            return replace(_made(draw, found.text, usual), response_format={"type": "json_object"}, forced=True)
        return _by_schema(draw, found, found.text)
    text = found.text
    if system is None or draw.chance(0.4):
        text = _around(draw, draw.wording(_NO_KEYS), text)
    if draw.chance(0.5):
        return _by_schema(draw, found, text, system)
    return replace(_made(draw, text, usual, system), response_format=draw.any((None, {"type": "json_object"})))


def record_unasked(draw: Draw) -> Example:
    """Something else, with keys that stand in the schema alone."""
    found = json_text.record(draw)
    text = found.text
    if draw.chance(0.4):
        text = draw.wording(_AROUND).format(
            i=draw.wording(("Extract the data as JSON", "Convert to JSON", "As JSON")), s=text
        )
    return _by_schema(draw, found, text)


def _value(draw: Draw) -> Any:
    kind = draw.number(0, 9)
    return (
        draw.number(0, 999) if kind < 3 else draw.chance(0.5) if kind == 3 else draw.word() if kind < 8 else draw.city()
    )


def echo(draw: Draw) -> Example:
    """Keys and values as given."""
    keys = draw.several((*_SOME_KEYS, *(draw.made_up_word() for _ in range(8))), draw.number(1, 3))
    value = {key: _value(draw) for key in keys}
    if draw.chance(0.3):
        return _made(draw, draw.wording(_SHOWN).format(shown=dumped(value)), value)
    form = draw.any(("{k} set to {v}", "{k} = {v}", "{k}: {v}", "{k} is {v}", "{k} equal to {v}", "{k} as {v}"))
    pairs = [form.format(k=key, v=inner if isinstance(inner, str) else dumped(inner)) for key, inner in value.items()]
    text = ", ".join(pairs) if draw.chance(0.4) else " and ".join([", ".join(pairs[:-1]), pairs[-1]][len(pairs) == 1 :])
    return _made(draw, draw.wording(_SET).format(pairs=text), value)


def _together(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]


def names_list(draw: Draw) -> Example:
    """The names in a sentence as an array."""
    names = [draw.first_name() for _ in range(draw.number(2, 4))]
    sentence = draw.wording(_COMPANY).format(names=_together(names), city=draw.city(), sport=draw.pool("sports"))
    key = draw.any(("names", "people", "persons", "list", "items", draw.made_up_word()))
    return _made(draw, draw.wording(_LISTS).format(key=key, s=sentence), {key: names})


def people_list(draw: Draw) -> Example:
    """Two or three people, each an object."""
    people = [{"name": draw.first_name(), "age": draw.number(2, 99)} for _ in range(draw.number(2, 3))]
    form = draw.any(("{name} is {age}", "{name} is {age} years old", "{name} ({age})", "{name} aged {age}"))
    parts = [form.format(**person) for person in people]
    end = "" if " is " in form else " are here"
    sentence = _together(parts) + end + "."
    instruction = draw.wording(_PEOPLE).format(keys=_listed(draw, ["name", "age"]))
    return _made(draw, _around(draw, instruction, sentence), {"people": people})


def nested(draw: Draw) -> Example:
    """One object within another."""
    found = json_text.person(draw) if draw.chance(0.7) else json_text.record(draw)
    slots = _chosen(draw, found.facts, least=2)
    keys = json_text.keyed(draw, slots, usual=True)
    inner = {keys[slot]: found.facts[slot] for slot in slots}
    outer = draw.pick(("person", "data", "result", "user", "record", "entry", "answer", "object", "info", "details"))
    instruction = draw.wording(_NESTED).format(outer=outer, keys=_listed(draw, list(inner)))
    return _made(draw, _around(draw, instruction, found.text), {outer: inner})


def answers(draw: Draw) -> Example:
    """A short answer of another skill under one key."""
    module = importlib.import_module("training.conversations." + draw.any(("arithmetic", "facts")))
    skills: dict[str, tuple[str, float, Skill]] = module.SKILLS
    key = draw.any(("answer", "answer", "result", "value", "response", draw.made_up_word()))
    while True:
        example = draw.any(list(skills.values()))[2](draw)
        text = example.answer.text
        if len(example.messages) == 1 and text and "\n" not in text and len(text) < 30:
            break
    question = example.messages[0]["content"]
    question += "." if question[-1].isalnum() else ""
    value = {key: int(text) if text.isdecimal() else text}
    return _made(draw, draw.wording(_ANSWERS).format(q=question, key=key), value)


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "json_person": ("json", 0.38, person_keys),
    "json_person_unasked": ("json", 0.24, person_unasked),
    "json_record": ("json", 0.1, record_keys),
    "json_record_unasked": ("json", 0.04, record_unasked),
    "json_echo": ("json", 0.09, echo),
    "json_names": ("json", 0.05, names_list),
    "json_people": ("json", 0.03, people_list),
    "json_nested": ("json", 0.03, nested),
    "json_answer": ("json", 0.04, answers),
}
