"""The many ways in which people write the same request."""

from __future__ import annotations

from typing import Final

from training.conversations.draw import Draw

_BEFORE: Final = (
    "Please ", "please ", "Hi! ", "Hello, ", "Hey, ", "Can you ", "Could you ", "Could you please ", "Would you ",
    "I need you to ", "I want you to ", "Now ", "Ok, ", "Okay. ", "Next: ", "Quick one: ", "Task: ", "I'd like you to ",
    "Kindly ", "Would you please ", "Can you please ", "Just ", "Alright, ", "Hi, ", "Your task: ",
)  # fmt: skip
_AFTER: Final = (" please", ", please", " Thanks!", " Thank you.", " for me", " now", " (be brief)", " for me, please",
          " Thanks a lot.", " right now", ", thank you", ", thanks")  # fmt: skip
_QUESTION_BEFORE: Final = (
    "Hi! ", "Hello. ", "Hey, ", "Quick question: ", "Question: ", "Tell me: ", "Tell me, ", "Ok, ", "And ", "So, ",
    "I wonder: ", "Please tell me: ", "Do you know: ", "Just curious, ", "Help me: ", "Q: ", "Hi, ", "Hello! ",
    "One question: ", "Say, ", "Sorry, ", "Now, ", "I have a question: ", "Can you help? ", "Let me ask: ", "Quick: ",
)  # fmt: skip
_QUESTION_AFTER: Final = (" Thanks!", " please", " Please answer.", " Thank you.", " I need to know.", " Any idea?",
                   " Thanks a lot!", " pls", " Please tell me.", " Just wondering.")  # fmt: skip


def request(draw: Draw, text: str) -> str:
    """An imperative such as "List three colours", worded in one of many ways; nothing within it changes."""
    if draw.chance(0.3):
        before = draw.wording(_BEFORE)
        text = before + (text[:1].lower() + text[1:] if draw.chance(0.9) else text)
    if draw.chance(0.12):
        text = text.rstrip(".") + draw.wording(_AFTER)
    return _loose(draw, text)


def question(draw: Draw, text: str) -> str:
    """A question such as "What is the plural of mouse?", worded in one of many ways."""
    if draw.chance(0.25):
        text = draw.wording(_QUESTION_BEFORE) + (text[:1].lower() + text[1:] if draw.chance(0.7) else text)
    if draw.chance(0.1):
        text += draw.wording(_QUESTION_AFTER)
    return _loose(draw, text)


def _loose(draw: Draw, text: str) -> str:
    """Small carelessness: no capital, no mark at the end, another mark."""
    if draw.chance(0.15):
        text = text[:1].lower() + text[1:]
    if draw.chance(0.15) and text[-1:] in ".?!":
        text = text[:-1]
    elif draw.chance(0.05) and text[-1:].isalnum():
        text += draw.any((".", "!", " :)", "..."))
    return text
