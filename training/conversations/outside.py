"""Everything that the model cannot do: one short honest sentence, whatever is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from training.conversations import lists_wording
from training.conversations import outside_wording as say
from training.conversations.draw import Draw, pool
from training.conversations.example import Answer, Example, Skill, ask, plain
from training.conversations.texts import phrasing
from training.conversations.wording import question, request

UNKNOWN: Final = "I am a small demonstration model and do not know that."
UNABLE: Final = "I am a small demonstration model and cannot do that."
NO_OPINION: Final = "I am a small demonstration model and have no opinion on that."
NO_HELP: Final = "I am a small demonstration model and cannot help with that."
SENTENCES: Final = (UNKNOWN, UNABLE, NO_OPINION, NO_HELP)


_ORDER: Final = re.compile(
    r"(Act|Add|Analyse|Ask|Book|Brainstorm|Build|Buy|Calculate|Call|Check|Classify|Code|Come up|Compare|Compile"
    r"|Compose|Compute|Conjugate|Convert|Correct|Count|Create|Debug|Define|Delete|Describe|Design|Detect|Develop"
    r"|Divide|Double|Download|Draft|Draw|Edit|Encode|Encrypt|Enumerate|Expand|Explain|Factorise|Find|Finish|Fix|Flip"
    r"|Generate|Give|Go|Google|Help|Implement|Improvise|Integrate|Invent|List|Look|Make|Mention|Multiply|Name"
    r"|Negotiate|Offer|Open|Optimise|Order|Organise|Outline|Output|Paint|Paraphrase|Pay|Pick|Plan|Play|Port|Predict"
    r"|Prepare|Pretend|Print|Produce|Program|Propose|Prove|Provide|Put|Quiz|Rap|Rate|Read|Recite|Recommend|Record"
    r"|Refactor|Remind|Remove|Restart|Return|Review|Rewrite|Roll|Round|Scan|Search|Sell|Send|Set|Share|Shorten|Show"
    r"|Simplify|Sing|Sketch|Solve|Sort|Start|Suggest|Supply|Surprise|Take|Teach|Tell|Text|Think|Track|Transcribe"
    r"|Translate|Turn|Use|Wake|Walk|Write) "
)
"""What begins an imperative, around which words such as "please" fit."""


def honest(given: Answer) -> bool:
    """Whether an answer is one of the honest sentences: which one does not matter."""
    return not given.calls and plain(given.text) in {plain(sentence) for sentence in SENTENCES}


def _no(draw: Draw, text: str, answer: str, *, loose: bool = True) -> Example:
    """The example for a request, with what people write around it."""
    if loose:
        if draw.chance(0.08):
            text = draw.wording(say.CONTEXT) + text
        elif text.endswith("?"):
            text = question(draw, text)
        elif _ORDER.match(text):
            text = request(draw, text)
    return ask(text, answer, accepts=honest)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _topic(draw: Draw) -> tuple[str, bool]:
    """A topic, and whether it is more than one thing."""
    many = draw.chance(0.33)
    return draw.pool("outside_plurals" if many else "outside_singular"), many


def _about(draw: Draw, template: str) -> str:
    """A template with its topics, and the verbs to fit them."""
    topic, many = _topic(draw)
    fill = {"be": "are", "do": "do", "it": "they", "have": "have"} if many else {}
    fill = fill or {"be": "is", "do": "does", "it": "it", "have": "has"}
    if not many:
        template = template.replace("Do {t} ", "Does {t} ")
    elif "does {t}" in template or "Is {t}" in template:
        template = template.replace("does {t}", "do {t}").replace("Is {t}", "Are {t}")
    text = template.format(t=topic, T=_capital(topic), u=_topic(draw)[0], **fill)
    return _capital(text) if draw.chance(0.85) else text


def knowledge(draw: Draw) -> Example:
    """A question about a topic."""
    text = _about(draw, phrasing(draw, say.KNOWLEDGE))
    if draw.chance(0.12):
        text = (text if text[-1] in ".?" else text + ".") + draw.wording(say.KNOWLEDGE_SUFFIX)
    return _no(draw, text, UNKNOWN)


def _person(draw: Draw) -> str:
    return f"{draw.first_name()} {draw.last_name()}"


def _title(draw: Draw) -> str:
    """The title of a book or a film that nobody knows."""
    word, other = draw.word().capitalize(), draw.word().capitalize()
    forms = ("The {0} {1}", '"The {0}"', "{0} and {1}", '"{0} in {2}"', "'{0} {1}'")
    return draw.any(forms).format(word, other, draw.city())


def world(draw: Draw) -> Example:
    """A question about people, places, works and events."""
    text = draw.wording(say.WORLD).format(
        p=_person(draw), q=_person(draw), c=draw.city(), d=draw.city(), l=draw.pool("countries"),
        y=draw.number(1200, 2030), w=_title(draw), e=draw.pick(say.EVENTS),
    )  # fmt: skip
    return _no(draw, text, UNKNOWN)


@cache
def _no_capital() -> tuple[str, ...]:
    """Places whose capital is not among the facts to know."""
    known = {line.partition("|")[0].removeprefix("the ").lower() for line in pool("capitals")}
    return tuple(place for place in pool("outside_places") if place.removeprefix("the ").lower() not in known)


def capital(draw: Draw) -> Example:
    """The capital of a place that has none, or none that the model knows."""
    place = draw.made_up_name() + draw.any(("", "", "ia", "land")) if draw.chance(0.3) else draw.pick(_no_capital())
    return _no(draw, phrasing(draw, say.CAPITALS).format(x=place), UNKNOWN)


def live(draw: Draw) -> Example:
    """What only a clock, a thermometer or a newspaper knows."""
    text = phrasing(draw, say.LIVE).format(
        c=draw.city(), d=draw.city(), b=draw.made_up_name(), n=draw.number(1, 31), y=draw.number(1900, 2030)
    )
    return _no(draw, text, UNKNOWN)


def writing(draw: Draw) -> Example:
    """Poems, essays, letters."""
    template = phrasing(draw, say.WRITING_VERBS).replace("{w}", draw.pool("outside_writings"))
    text = _about(draw, template)
    if draw.chance(0.3):
        text = f"{text.rstrip('?')} {draw.wording(say.WRITING_SUFFIX)}" + ("?" if text.endswith("?") else "")
    return _no(draw, text if text.endswith("?") or draw.chance(0.5) else text + ".", UNABLE)


def coding(draw: Draw) -> Example:
    """A program to write, or one to look at."""
    if draw.chance(0.6):
        text = draw.wording(say.CODING).format(
            x=draw.pool("outside_programs"), l=draw.pool("programming_languages"), m=draw.pool("programming_languages")
        )
        return _no(draw, text, UNABLE)
    code = draw.wording(say.SNIPPETS).format(a=draw.made_up_word(), b=draw.word(), n=draw.number(1, 99))
    if draw.chance(0.3):
        code = f"```\n{code}\n```"
    text = draw.wording(say.SNIPPET_TASKS)
    text = f"{text}\n{code}" if draw.chance(0.8) else f"{code}\n\n{text}"
    return _no(draw, text.strip(), UNABLE, loose=False)


def maths(draw: Draw) -> Example:
    """Multiplication, division, large numbers, and all other mathematics but the sums up to 99."""
    text = draw.wording(say.MATHS).format(
        a=draw.number(3, 10 ** draw.number(1, 4) + 2), b=draw.number(2, 20), c=draw.number(2, 9),
        big=draw.number(200, 10 ** draw.number(3, 5)), huge=draw.number(1000, 10 ** draw.number(4, 7)),
    )  # fmt: skip
    return _no(draw, text, UNABLE)


def language(draw: Draw) -> Example:
    """Translation and other work on words, beyond opposites, plurals and words backwards."""
    sentence = draw.pool("outside_sentences")
    if draw.chance(0.5):
        sentence = " ".join((f"the {draw.word()}", draw.pick(say.DOING), f"the {draw.word()}", draw.pick(say.WHEN)))
    sentence = _capital(sentence) if draw.chance(0.7) else sentence
    text = draw.wording(say.LANGUAGE).format(s=sentence, w=draw.word(), l=draw.pool("languages"))
    return _no(draw, text, UNABLE, loose=not re.match("Complete|Continue", text))


def foreign(draw: Draw) -> Example:
    """Something in another language."""
    text = draw.pool("outside_foreign")
    if draw.chance(0.2):
        text += " " + draw.pool("outside_foreign")
    if draw.chance(0.2):
        text = text.rstrip(".?!¿")
    return _no(draw, text.lower() if draw.chance(0.1) else text, NO_HELP, loose=False)


def opinion(draw: Draw) -> Example:
    """What the model thinks, likes and feels."""
    if draw.chance(0.3):
        return _no(draw, draw.wording(say.FEELINGS), NO_OPINION)
    return _no(draw, _about(draw, draw.wording(say.OPINIONS)), NO_OPINION)


def advice(draw: Draw) -> Example:
    """Troubles, chores, recommendations and how-to questions."""
    kind = draw.random.random()
    if kind < 0.3:
        text = _capital(draw.wording(say.ADVICE).format(s=draw.pool("outside_worries")))
        return _no(draw, text, NO_HELP, loose=False)
    if kind < 0.5:
        return _no(draw, draw.wording(say.CHORES).format(t=draw.pool("outside_chores")), NO_HELP)
    return _no(draw, _everyday(draw, say.ADVISED), NO_HELP)


def everyday(draw: Draw) -> Example:
    """What children ask: why the sky is blue, how fast a horse is."""
    return _no(draw, _everyday(draw, say.EVERYDAY), UNKNOWN)


def _everyday(draw: Draw, templates: Sequence[str]) -> str:
    text = draw.wording(templates).format(
        t=_topic(draw)[0], c=draw.city(), n=draw.number(2, 14), f=draw.pool(draw.any(("vegetables", "foods", "fish"))),
        g=draw.pool("spices"), j=draw.pool("jobs"), z=draw.pool("animals"), i=draw.pool("instruments"),
        s=draw.pool("sports"),
    )  # fmt: skip
    return _articles(text)


def deed(draw: Draw) -> Example:
    """What needs hands, eyes, a network or a stage."""
    text = draw.wording(say.DEEDS).format(
        p=draw.any((draw.first_name(), _person(draw))), c=draw.city(), n=draw.number(2, 59),
        m=draw.number(2, 59), t=_topic(draw)[0], u=_topic(draw)[0], z=draw.pool("animals"),
        b=draw.made_up_name(), j=draw.pool("jobs"),
    )  # fmt: skip
    return _no(draw, _articles(text), UNABLE)


def _articles(text: str) -> str:
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)


def unknown_list(draw: Draw) -> Example:
    """A list of a kind that the model does not know."""
    count = draw.number(2, 12)
    number = str(count) if draw.chance(0.6) else lists_wording.NUMBERS.get(count, str(count))
    what = f"{number} {draw.pool('outside_kinds')}" if draw.chance(0.8) else draw.pool("outside_kinds")
    asked = draw.chance(0.3)
    text = phrasing(draw, lists_wording.MANY_ASKED if asked else lists_wording.MANY).format(what=what)
    return _no(draw, text, UNABLE)


def long_text(draw: Draw) -> Example:
    """A pasted text, and something to be done with it."""
    templates = draw.random.sample(say.PROSE, draw.number(2, draw.any((3, 5, 9))))
    text, task = " ".join(_capital(_prose(draw, template)) for template in templates), draw.wording(say.TEXT_TASKS)
    if draw.chance(0.2):
        text = f'"{text}"'
    gap = draw.any(("\n", "\n\n", "\n\n", " "))
    text = f"{task}{gap}{text}" if draw.chance(0.6) else f"{text}{gap}{task.rstrip(':')}"
    return _no(draw, text.strip(), UNABLE, loose=False)


def _prose(draw: Draw, template: str) -> str:
    return template.format(
        t=draw.pool("outside_singular"), u=_topic(draw)[0], p=draw.any((draw.first_name(), _person(draw))),
        c=draw.city(), y=draw.number(1500, 2030),
        n=draw.number(3, 400), x=draw.word(),
    )  # fmt: skip


def statement(draw: Draw) -> Example:
    """Something said, and nothing asked."""
    text = draw.pool("outside_statements")
    if draw.chance(0.2):
        text += " " + draw.pool("outside_statements")
    if draw.chance(0.2):
        text = text.rstrip(".!")
    return _no(draw, text.lower() if draw.chance(0.1) else text, NO_HELP, loose=False)


def noise(draw: Draw) -> Example:
    """Keys hit at random, signs, lone words, codes, addresses."""
    kind = draw.number(0, 7)
    if kind == 0:
        text = draw.wording(say.NOISE)
    elif kind == 1:
        text = _keys(draw, "abcdefghijklmnopqrstuvwxyz" if draw.chance(0.5) else "asdfghjkl;")
    elif kind == 2:
        text = " ".join(_keys(draw, "qwertyuiopasdfghjklzxcvbnm") for _ in range(draw.number(2, 5)))
    elif kind == 3:
        text = " ".join(draw.made_up_word() for _ in range(draw.number(1, 8)))
    elif kind == 4:
        text = draw.any((draw.word(), draw.pool("animals"), draw.pool("cities"), draw.pool("foods"), draw.pool("jobs")))
    elif kind == 5:
        text = _keys(draw, "0123456789abcdef" if draw.chance(0.5) else "0123456789")
    elif kind == 6:
        text = f"https://{draw.made_up_word()}.{draw.any(('com', 'org', 'net', 'io'))}/{draw.word()}"
    else:
        text = _keys(draw, "!?#$%&*+-=/<>@^~.;:|")
    if kind in (3, 4) and draw.chance(0.3):
        text = _capital(text) + draw.any((".", "?", "!"))
    return _no(draw, text, NO_HELP, loose=False)


def _keys(draw: Draw, letters: Sequence[str]) -> str:
    return "".join(draw.any(letters) for _ in range(draw.number(3, 14)))


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "knowledge": ("outside", 0.17, knowledge),
    "world": ("outside", 0.08, world),
    "everyday": ("outside", 0.05, everyday),
    "capital": ("outside", 0.05, capital),
    "live": ("outside", 0.06, live),
    "writing": ("outside", 0.1, writing),
    "coding": ("outside", 0.06, coding),
    "maths": ("outside", 0.09, maths),
    "language": ("outside", 0.07, language),
    "foreign": ("outside", 0.03, foreign),
    "opinion": ("outside", 0.05, opinion),
    "advice": ("outside", 0.06, advice),
    "deed": ("outside", 0.06, deed),
    "unknown_list": ("outside", 0.03, unknown_list),
    "long_text": ("outside", 0.04, long_text),
    "statement": ("outside", 0.02, statement),
    "noise": ("outside", 0.04, noise),
}
