"""Skills with the user's own text: repeating it and quoting it. What users tell of themselves: see `remembering`."""

from __future__ import annotations

from typing import Final

from training.conversations import remembering, texts
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, Skill, ask

# After these comes the text as it is, or quoted.
_REPEAT: Final = (
    "Repeat after me:", "Say", "Repeat:", "Say:", "Repeat this:", "Echo:", "Repeat exactly the following text:",
    "Copy this:", "Repeat the following:", "Say the following:", "Repeat what I say:", "Please repeat:", "Repeat",
    "Repeat this sentence:", "Repeat the following text word for word:", "Write exactly this:", "Print", "Print this:",
    "Output exactly:", "Echo this back to me:", "Say exactly this:", "Type the following:",
    "Return this text unchanged:", "Copy the following text:", "Repeat this text verbatim:", "Write the following:",
    "Repeat back to me:", "Parrot this:", "Give me back this text:", "Reply with exactly this:",
    "Answer with exactly the following text:", "Just say", "Respond with", "Send back what I write:",
    "Reproduce this text:", "I want to hear you say:", "Write this down again:", "Read this back to me:", "Can you say",
    "Could you repeat this for me:", "Would you please say:", "Reply only with", "Now say", "Please say",
    "Can you repeat after me:", "Tell me the following text again:", "Echo", "Say this sentence:",
    "Say the words", "Text to repeat:", "Your answer must be exactly:", "Copy this line:", "Just write",
    "Please just write", "Just type", "Please only say", "Only write", "Only say", "Simply say", "Simply write",
    "Please just say", "Just respond with", "Reply with", "Answer with", "Please reply with",
    "Please answer only with", "Please respond with exactly:", "Answer only with", "Respond only with", "Say only",
    "Write only", "Reply with this text:", "Repeat the text after the colon:", "Can you repeat this:",
    "Can you repeat:", "Could you say:", "Say this back to me:", "Say back:", "repeat after me", "Just repeat:",
    "Print out:", "Output:", "Output", "Output the following text:", "Please type:", "Type", "Type:", "Copy:",
    "Copy and return this:", "Please copy this text exactly:", "Return exactly:", "Write back:", "Repeat this phrase:",
    "Repeat this line:", "Repeat my message:", "Repeat my words:", "Say the phrase", "The text to repeat is:",
    "Give this text back to me:", "I want you to repeat:",
)  # fmt: skip
# Here the text is quoted within the request.
_REPEAT_WITHIN: Final = (
    "Say {q} and nothing else.", "Repeat the text {q}.", "Can you say {q}?", "Please repeat {q} exactly.",
    "Say {q} for me.", "Repeat {q} word for word.", "Reply with {q} only.", "I want you to say {q}.",
    "Could you repeat {q}, please?", "Write {q}, nothing more.", "Answer with {q}.", "Echo {q} back to me.",
    "Print {q} as it is.", "Would you say {q}?", "Copy {q} exactly as I wrote it.", "Just write {q}.",
    "Say {q}, please.", "Let me hear you say {q}.", "Type {q} for me.", "Just say {q}.", "Please just write {q}.",
    "Please say {q} and nothing else.", "Reply with just {q}.", "Only say {q}.", "Only reply with {q}.",
    "Respond with {q}.", "Respond with just {q}, please.", "Simply answer {q}.", "Repeat {q}.", "Repeat {q} after me.",
    "Repeat exactly {q}.", "The answer I want is {q}.", "Please output {q}.", "Your whole reply should be {q}.",
    "Can you repeat {q} for me?", "Could you just say {q}?", "Could you type {q}?", "Say exactly {q}.",
    "Write exactly {q} and no more.", "Return {q} unchanged.",
)  # fmt: skip
# Here the text comes first.
_REPEAT_BEFORE: Final = (
    "{q} - repeat that.", "{q}\n\nRepeat the text above.", "{q} Now repeat what I said.", "{q}\nCopy the line above.",
    "{q} Say it again.", "{q}\nRepeat this exactly.", "I say {q}, and you repeat it.", "If I say {q}, you say it too.",
    "My words are {q}. Repeat them.", "My text is {q}. Repeat it.", "{q}\n\nWrite this text again.",
    "{q} Repeat, please.", "{q}\nRepeat that.", "{q}\nSay that again.", "{q}\n\nRepeat this text word for word.",
    "{q} - say this.", "{q} - please repeat.", "{q}: repeat this", "{q} Repeat this.", "{q}\nCopy this text.",
    "{q}\n\nPlease repeat the sentence above.", "{q} Can you repeat that?", "The text is {q}. Say it.",
    "{q} is what I want you to say.",
)  # fmt: skip
_QUOTE: Final = (
    "Quote my text:", "Quote:", "Quote this:", "Put the following in quotes:", "Put this in quotation marks:",
    "Quote the following:", "Quote me:", "Quote what I say:", "Quote the following text:",
    "Please quote this sentence:", "Put double quotes around this:", "Put quotation marks around the following text:",
    "Quote exactly:", "Give me this in quotes:", "Write the following in quotation marks:", "Add quotation marks:",
    "Repeat this in quotes:", "Put quotes around:", "Repeat the following within quotation marks:", "Cite my words:",
    "Can you quote this:", "Could you put this in quotes:", "Wrap this in double quotes:",
    "Say this back to me in quotes:", "Enclose the text in quotation marks:", "Quote this line:",
    "Surround this with quotes:", "Return this text in double quotes:", "Write this as a quotation:", "Quote my words:",
    "Make a quotation of this:", "I said this, quote me:", "Quote these words:", "Now quote this text:",
    "Text to quote:", "Quote", "Quote back:", "Please quote:", "Please quote this:", "Please quote the following text:",
    "Quote this sentence:", "Quote this text:", "Quote this back to me:", "In quotes, please:", "Write this in quotes:",
    "Write in double quotes:", "Give this back in quotation marks:", "Add quotes to this:", "Add quotes around:",
    "Put quotes around this text:", "Put my text in quotation marks:", "Quote the line:", "Quote the words:",
    "Can you put this in quotation marks:", "Could you quote me:", "Show this in quotes:",
    "Repeat my words in quotation marks:", "Return the following in quotes:", "With quotation marks, please:",
    "Quotation marks around this:", "Type this in quotes:",
)  # fmt: skip
_QUOTE_BEFORE: Final = (
    "{t}\n\nQuote the text above.", "{t}\nPut that in quotes.", "{t}\n\nPut quotation marks around this.",
    "{t}\nQuote this.", "{t}\n\nQuote my text.", "{t}\nWrite it in double quotes.", "{t}\nQuote me.",
    "{t}\n\nRepeat it in quotation marks.", "{t}\nNow quote what I wrote.", "{t}\n\nQuote it.",
    "{t}\nQuote that, please.", "{t}\nCan you quote that?", "{t}\n\nPut it in quotation marks.",
    "{t}\nAdd quotation marks.", "{t}\n\nQuote this sentence.", "{t}\nPlease quote my words.",
    "{t}\n\nWrite the text above in quotes.", "{t}\nPut double quotes around it.",
    "{t}\n\nThe above in quotes, please.",
)  # fmt: skip
_TIMES: Final = (
    "Say the word {q} {n}.", "Say {q} {n}.", "Repeat {q} {n}.", "Repeat the word {q} {n}.", "Write {q} {n}.",
    "Write the word {q} {n}.", "Please say {q} {n}.", "Can you say {q} {n}?", "Print {q} {n}.", "Echo {q} {n}.",
    "Type the word {q} {n}.", "{n}, say {q}.", "I want to hear {q} {n}.", "Say {n}: {q}", "Repeat {n}: {q}",
    "Could you repeat {q} {n}?", "Output {q} {n}.", "Give me the word {q} {n}.", "say {q} {n}", "write {q} {n}",
    "Just say {q} {n}.", "{n}: {q}", "Can you write {q} {n}?", "Please write the word {q} {n}.",
    "Please repeat {q} {n}.", "Repeat {q} exactly {n}.", "Reply with {q} {n}.", "Answer with the word {q} {n}.",
    "I want you to say {q} {n}.", "Would you say {q} {n}?", "Let me hear {q} {n}.",
)  # fmt: skip
_COUNTS: Final = (("twice", 2), ("two times", 2), ("2 times", 2), ("three times", 3), ("3 times", 3), ("3x", 3))
_POLITE: Final = ("Please ", "please ", "Hi! ", "Now ", "Ok, ", "Can you ", "Could you ", "Hey, ", "Next: ", "Task: ")
_QUOTES: Final = ('"{0}"', '"{0}"', "'{0}'", "“{0}”")


def repeat(draw: Draw) -> Example:
    """The user's text again, letter by letter the same."""
    text = _text(draw)
    kind = draw.random.random()
    if kind < 0.16:
        asked = draw.wording(_REPEAT_WITHIN).format(q=_quoted(draw, text))
    elif kind < 0.24:
        asked = draw.wording(_REPEAT_BEFORE).format(q=_quoted(draw, text))
    else:
        asked = _before(draw, texts.phrasing(draw, _REPEAT), text, quoted=0.35)
    return _exact(asked, text)


def times(draw: Draw) -> Example:
    """A word two or three times."""
    word = draw.word() if draw.chance(0.8) else draw.first_name()
    spoken, count = draw.any(_COUNTS)
    quoted = _quoted(draw, word) if draw.chance(0.5) else word
    asked = texts.phrasing(draw, _TIMES).format(q=quoted, n=spoken)
    return _exact(asked[:1].upper() + asked[1:], " ".join([word] * count))


def quote(draw: Draw) -> Example:
    """The user's text within double quotes."""
    text = _text(draw)
    if draw.chance(0.12):
        asked = draw.wording(_QUOTE_BEFORE).format(t=text)
    else:
        asked = _before(draw, texts.phrasing(draw, _QUOTE), text, quoted=0.15)
    return _exact(asked, f'"{text}"')


def _before(draw: Draw, lead: str, text: str, *, quoted: float) -> str:
    """A request, and after it the text: on the same line, or with a colon also on one of its own."""
    colon = lead.endswith(":")
    if draw.chance(0.15):
        lead = draw.wording(_POLITE) + lead[:1].lower() + lead[1:]
    elif draw.chance(0.15):
        lead = lead[:1].lower() + lead[1:]
    gap = draw.any((" ", " ", " ", "\n", "\n\n")) if colon else " "
    return lead + gap + (_quoted(draw, text) if draw.chance(quoted) else text)


def _text(draw: Draw) -> str:
    """A text of 1-12 words: words, sentences, names, numbers, codes, addresses, in all kinds of case."""
    kind = draw.random.random()
    if kind < 0.3:
        return texts.marked(draw, texts.sentence(draw))
    if kind < 0.5:
        return texts.marked(draw, texts.words(draw, draw.number(1, 12)))
    if kind < 0.62:
        return " ".join(draw.made_up_word() for _ in range(draw.number(1, 5)))
    if kind < 0.7:
        return f"{draw.first_name()} {draw.last_name()}" if draw.chance(0.6) else draw.first_name()
    if kind < 0.8:
        return texts.identifier(draw)
    if kind < 0.83:
        return texts.email(draw)
    if kind < 0.88:
        return " ".join(str(draw.number(0, 10 ** draw.number(1, 5))) for _ in range(draw.number(1, 5)))
    if kind < 0.92:
        return texts.words(draw, draw.number(1, 4)).upper()
    if kind < 0.96:
        return f"{texts.sentence(draw)} {texts.identifier(draw)}"
    return ", ".join(draw.word() for _ in range(draw.number(2, 5)))


def _quoted(draw: Draw, text: str) -> str:
    return draw.any(_QUOTES).format(text)


def _exact(asked: str, text: str) -> Example:
    """Judged to the letter, but for white space around it."""
    return ask(asked, text, accepts=lambda given: _same(given, text))


def _same(given: Answer, text: str) -> bool:
    return not given.calls and given.text.strip() == text


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "repeat": ("recall", 0.32, repeat),
    "times": ("recall", 0.03, times),
    "quote": ("recall", 0.13, quote),
    "remember": ("recall", 0.32, remembering.remember),
    "acknowledge": ("recall", 0.08, remembering.acknowledge),
    "corrected": ("recall", 0.06, remembering.corrected),
    "never_told": ("recall", 0.06, remembering.never_told),
}
