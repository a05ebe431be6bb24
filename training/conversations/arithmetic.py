"""Skills with numbers and letters: sums, differences, comparisons, counting, words backwards."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from training.conversations import texts
from training.conversations.draw import Draw, kept_back
from training.conversations.example import Example, Skill, ask
from training.conversations.wording import question, request

_EXPRESSIONS: Final = (
    "What is {e}?", "What's {e}?", "How much is {e}?", "Calculate {e}", "Calculate: {e}", "Compute {e}.",
    "Work out {e}.", "Solve {e}", "Solve: {e}", "Evaluate {e}", "Tell me what {e} is.", "Give me the result of {e}.",
    "What does {e} equal?", "What do you get for {e}?", "What is the result of {e}?", "Find the value of {e}.",
    "What is the value of {e}?", "Do the math: {e}", "Math question: {e}", "I need the answer to {e}.",
    "How much does {e} make?", "What number is {e}?", "Result of {e}?", "Answer this: {e}", "What is {e} equal to?",
    "My homework says {e}. What is the answer?", "Could you work out {e}?", "Can you tell me what {e} is?",
    "Compute: {e} =", "Quick maths: {e}", "What's the answer to {e}?", "Do you know what {e} is?",
    "Solve {e} right away.", "Complete: {e} =", "I forgot how much {e} is.", "Give me {e} as a number.",
    "How many is {e}?", "I am checking my bill. What is {e}?", "Type {e} into your calculator. What does it say?",
    "What will {e} be?", "what is {e}", "what's {e}", "how much is {e}", "whats {e}", "calculate {e} please",
    "I want to know what {e} is.", "Can you do {e}?", "Can you solve {e} for me?", "The answer to {e}, please?",
    "{e}, what is it?", "{e} comes to what?", "Say how much {e} is.", "Do this calculation: {e}",
    "What does {e} come to?", "What does {e} give?", "{e}: result?", "result: {e}", "Figure out {e}.",
    "Mental arithmetic: {e}", "solve for me: {e}", "{e}, please",
)  # fmt: skip
_BARE: Final = (
    "{e}", "{e} =", "{e} = ?", "{e}?", "{e}=", "{e}=?", "{e} equals", "{e} equals what?", "{e} is?", "{e} makes?",
    "{e} is how much?", "{e} = __", "{e} is", "{e} is what?", "{e} gives", "{e} = what", "{e} -> ?", "{e} makes",
    "{e} equals?", "{e} is equal to", "{e} ?", "{e} please", "{e} = ...",
)  # fmt: skip
_PLUS: Final = (" + ", " + ", " + ", "+", "+", " plus ", " plus ")
_MINUS: Final = (" - ", " - ", " - ", "-", "-", " minus ", " minus ", " take away ")
_SUMS: Final = (
    "What is the sum of {a} and {b}?", "Sum of {a} and {b}?", "Give me the sum of {a} and {b}.", "Add {a} and {b}.",
    "Add {a} to {b}.", "Add up {a} and {b}.", "What do {a} and {b} add up to?", "What is the total of {a} and {b}?",
    "How much are {a} and {b} together?", "What do you get if you add {a} to {b}?", "Increase {a} by {b}.",
    "What number is {b} more than {a}?", "Find the sum: {a} and {b}", "Total {a} and {b}.", "Sum up {a} and {b}.",
    "Calculate the sum of {a} and {b}.", "What is {a} added to {b}?", "If I add {b} to {a}, what do I get?",
    "Start at {a} and count up {b}. Which number do you reach?", "Compute the total of {a} and {b}.", "Sum {a} and {b}",
    "Take {a} and add {b}.", "What is {a} increased by {b}?", "What's {b} more than {a}?", "Sum: {a}, {b}",
    "Combine {a} and {b} into one total.", "I pay {a} and then {b}. How much is that in total?",
    "{a} and {b} make how much?", "{a} and {b} is how much?", "{a} and {b} added together?",
    "{a} and {b} together make", "add {a} and {b}", "add {a} {b}", "sum of {a} and {b}", "total of {a} and {b}",
    "Put {a} and {b} together. What is the total?", "What is the sum when you add {a} and {b}?",
    "How much do {a} and {b} make?", "Please add together {a} and {b}.", "I add {b} to {a}. What is the result?",
    "How much is {a} with {b} added?", "Raise {a} by {b}.", "{b} more than {a} is?", "What is {a} and {b}?",
    "Can you add {a} and {b} for me?", "Addition: {a} and {b}", "{b} added to {a} is", "Count {a} and {b} together.",
)  # fmt: skip
_DIFFERENCES: Final = (
    "Subtract {b} from {a}.", "Take {b} away from {a}.", "Take {b} from {a}.", "Decrease {a} by {b}.",
    "What is {b} less than {a}?", "What is left when {b} is taken from {a}?",
    "If I subtract {b} from {a}, what is left?", "What do you get if you subtract {b} from {a}?", "Reduce {a} by {b}.",
    "What is {a} reduced by {b}?", "Start at {a} and count down {b}. Which number do you reach?",
    "What is {b} subtracted from {a}?", "Take {a} and subtract {b}.", "Please take away {b} from {a}.",
    "Deduct {b} from {a}.", "Lower {a} by {b}.", "What remains if you remove {b} from {a}?",
    "What number is {b} less than {a}?", "From {a} subtract {b}.", "What is {a} decreased by {b}?",
    "Calculate {a} less {b}.", "take {b} away from {a}", "subtract {b} from {a}", "{a} less {b}", "{a} take {b}",
    "{a} with {b} taken away?", "What is left of {a} when {b} are gone?", "{a} without {b} leaves how much?",
    "How much is {a} if you take off {b}?", "I have {a} and spend {b}. What is left?", "Remove {b} from {a}.",
    "Take off {b} from {a}.", "{b} less than {a} is?", "Start with {a} and take away {b}.",
    "Can you subtract {b} from {a}?", "Subtraction: {b} from {a}", "{b} from {a}?", "{b} taken from {a} leaves",
    "Minus {b}, starting at {a}: how much?", "What do I have left if I take {b} from {a}?", "Cut {a} by {b}.",
    "Bring {a} down by {b}.",
)  # fmt: skip
# For these the order does not matter: the answer is never negative.
_GAPS: Final = (
    "What is the difference between {a} and {b}?", "Difference between {a} and {b}?",
    "Find the difference of {a} and {b}.", "Give me the difference between {a} and {b}.",
    "How far apart are {a} and {b}?", "Difference of {a} and {b}", "How big is the gap between {a} and {b}?",
    "Calculate the difference between {a} and {b}.", "By how much do {a} and {b} differ?",
    "Tell me the difference between {a} and {b}.", "difference between {a} and {b}", "the difference of {a} and {b}",
    "How much lies between {a} and {b}?", "What is the gap between {a} and {b}?",
    "What is the distance from {a} to {b}?", "How many steps are there between {a} and {b}?",
    "{a} and {b}: what is the difference?", "{a} and {b} differ by how much?",
    "Work out the difference between {a} and {b}.",
)  # fmt: skip
_MORE: Final = (
    "I have {a} {t} and buy {b} more. How many {t} do I have?",
    "There are {a} {t} in a box. I add {b}. How many are there?",
    "{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?", "How many {t} are {a} {t} and {b} {t}?",
    "{n} found {a} {t} in the morning and {b} in the evening. How many {t} is that in all?",
    "One basket holds {a} {t}, another holds {b}. How many {t} are there altogether?",
    "If you have {a} {t} and I give you {b} more, how many {t} do you have?",
    "{n} has {a} {t}, I have {b}. How many in total?",
    "A shop sold {a} {t} on Monday and {b} on Tuesday. How many {t} did it sell?",
    "{a} {t} are on the table and {b} are on the floor. What is the total number of {t}?",
    "{n} picked {a} {t}. Then {n} picked {b} more. How many {t} did {n} pick?",
    "I had {a} {t}, then I found {b}. How many now?", "{n} owns {a} {t} and buys another {b}. How many is that?",
    "Yesterday I bought {a} {t}, today {b}. How many {t} did I buy?",
    "We had {a} {t} and got {b} as a present. How many {t} do we have?", "{a} {t} and {b} more {t} make how many?",
    "If {n} adds {b} {t} to a bag of {a}, how many {t} are in the bag?",
    "{a} {t} here, {b} {t} there. How many {t} altogether?",
)  # fmt: skip
_FEWER: Final = (
    "I have {a} {t} and lose {b}. How many {t} are left?",
    "There are {a} {t} in a box. I take out {b}. How many remain?",
    "{n} has {a} {t} and gives away {b}. How many {t} does {n} have left?",
    "I had {a} {t} and sold {b}. How many do I have?",
    "{n} bought {a} {t} and used {b} of them. How many {t} are left?", "Of {a} {t}, {b} are broken. How many are fine?",
    "If you have {a} {t} and I take {b} of them, how many {t} do you have?", "{a} {t} minus {b} {t}: how many {t}?",
    "A shop had {a} {t} and sold {b}. How many {t} does it still have?",
    "{n} needs {a} {t} and has {b}. How many are missing?",
    "From a pile of {a} {t}, {n} takes {b}. What number of {t} stays?",
    "{n} had {a} {t}. {b} of them got lost. How many remain?",
    "{n} had {a} {t} and lost {b}. How many are still there?",
    "There were {a} {t}. Now {b} are gone. How many {t} are there now?",
    "I give {b} of my {a} {t} to {n}. How many do I keep?", "{a} {t}, and {b} are taken away. How many {t} stay?",
    "We bought {a} {t} and {b} were stolen. How many {t} do we still have?",
    "Out of {a} {t} I sell {b}. How many {t} remain?",
)  # fmt: skip
_THINGS: Final = (
    "apples", "pears", "books", "coins", "pens", "eggs", "stamps", "marbles", "balls", "oranges", "cards", "shells",
    "cookies", "tickets", "bottles", "flowers", "stickers", "buttons", "lemons", "candles", "cups", "stones", "nuts",
    "boxes", "toys", "plates", "keys", "pencils", "bananas", "hats", "dollars", "chairs",
)  # fmt: skip
_NUMBER_ONLY: Final = (
    " Answer with just the number.", " Only the number, please.", " Reply with the number only.", " Just the number.",
    " Answer with a single number.", " Give only the number.", " Respond with a number.", " No explanation.",
    " Give only the final number.", " Answer in digits.", " Output only the result.", " Do not explain.",
)  # fmt: skip
_LARGER: Final = (
    "Which is larger, {l}?", "Which is bigger: {l}?", "Which number is greater, {l}?", "Which is higher, {l}?",
    "What is the larger number: {l}?", "Tell me which is bigger, {l}.", "Give me the greatest of {k}.", "max({c})",
    "What is the maximum of {k}?", "Which of {k} is the largest?", "Pick the bigger number: {l}",
    "{l}: which is larger?", "Choose the larger one: {l}", "Largest of {k}?", "Larger number: {c}",
    "Out of {k}, which is the biggest?", "Find the maximum: {c}", "Is {l} the larger number?", "What is bigger, {l}?",
    "Which is more, {l}?", "Name the highest number: {c}", "Compare {k} and give me the bigger one.",
    "Of the numbers {k}, which is the greatest?", "Which one is the highest: {l}?",
    "I have to pick the largest of {k}. Which is it?", "Return the max of {k}.", "Which value is greater: {l}?",
    "which is bigger {l}", "which is larger, {l}", "bigger: {l}?", "larger of {k}", "Which of {k} is the larger one?",
    "Which of {k} is more?", "{l} - which is bigger?", "{l}, which one is greater?", "the maximum of {k}",
    "Between {k}, which number is bigger?", "Which one is bigger: {l}?", "Tell me the largest of {k}.",
    "Look at {k}. Which is the largest?", "What's the highest of {k}?", "What's bigger: {l}?", "Biggest of {k}?",
    "Given {c}, which is the largest?", "Name the larger of {k}.",
)  # fmt: skip
_SMALLER: Final = (
    "Which is smaller, {l}?", "Which is less: {l}?", "Which number is smaller, {l}?", "Which is lower, {l}?",
    "What is the smaller number: {l}?", "Tell me which is smaller, {l}.", "Give me the smallest of {k}.", "min({c})",
    "What is the minimum of {k}?", "Which of {k} is the smallest?", "Pick the smaller number: {l}",
    "{l}: which is smaller?", "Choose the smaller one: {l}", "Smallest of {k}?", "Smaller number: {c}",
    "Out of {k}, which is the lowest?", "Find the minimum: {c}", "Is {l} the smaller number?", "What is smaller, {l}?",
    "Which is the least: {l}?", "Name the lowest number: {c}", "Compare {k} and give me the smaller one.",
    "Of the numbers {k}, which is the least?", "Which one is the lowest: {l}?",
    "I have to pick the smallest of {k}. Which is it?", "Return the min of {k}.", "Which value is lower: {l}?",
    "which is smaller {l}", "which is less, {l}", "smaller: {l}?", "smaller of {k}", "Which of {k} is the smaller one?",
    "Which of {k} is less?", "{l} - which is smaller?", "{l}, which one is lower?", "the minimum of {k}",
    "Between {k}, which number is smaller?", "Which one is smaller: {l}?", "Tell me the smallest of {k}.",
    "Look at {k}. Which is the smallest?", "What's the lowest of {k}?", "What's smaller: {l}?", "Lowest of {k}?",
    "Given {c}, which is the smallest?", "Name the smaller of {k}.",
)  # fmt: skip
_IS_MORE: Final = (
    "Is {a} greater than {b}?", "Is {a} larger than {b}?", "Is {a} bigger than {b}?", "Is {a} more than {b}?",
    "Is {a} higher than {b}?", "Is {a} > {b}?", "{a} > {b}?", "Is it true that {a} is greater than {b}?",
    "Would you say {a} is bigger than {b}?", "Is the number {a} above {b}?", "Yes or no: {a} is larger than {b}.",
    "Does {a} exceed {b}?", "Yes or no: is {a} more than {b}?", "Tell me if {a} is bigger than {b}.",
    "is {a} bigger than {b}", "is {a} more than {b}", "{a} bigger than {b}?", "{a} is greater than {b}, right?",
    "{a} is more than {b}, true?", "Is {a} the bigger number compared to {b}?", "Does {a} come to more than {b}?",
    "Is {a} over {b}?", "Can you say whether {a} is larger than {b}?",
)  # fmt: skip
_IS_LESS: Final = (
    "Is {a} less than {b}?", "Is {a} smaller than {b}?", "Is {a} lower than {b}?", "Is {a} fewer than {b}?",
    "Is {a} < {b}?", "{a} < {b}?", "Is it true that {a} is less than {b}?", "Would you say {a} is smaller than {b}?",
    "Is the number {a} below {b}?", "Yes or no: {a} is smaller than {b}.", "Is {a} under {b}?",
    "Yes or no: is {a} less than {b}?", "Tell me if {a} is smaller than {b}.", "is {a} smaller than {b}",
    "is {a} less than {b}", "{a} smaller than {b}?", "{a} is less than {b}, right?", "{a} is lower than {b}, true?",
    "Is {a} the smaller number compared to {b}?", "Does {a} come to less than {b}?",
    "Can you say whether {a} is smaller than {b}?",
)  # fmt: skip
_COUNT: Final = (
    "How many words are in {q}?", "How many words are there in {q}?", "How many words does {q} have?",
    "Word count of {q}?", "How many words in {q}?", "Count the words in {q}.", "Count the words: {q}",
    "Count the words in this sentence: {q}", "How many words does the sentence {q} contain?", "Number of words in {q}?",
    "Give me the word count of {q}.", "What is the word count of {q}?",
    "How many words are in the following sentence? {q}", "Word count: {q}", "What is the number of words in {q}?",
    "Tell me how many words {q} has.", "How many words are in this text: {q}",
    "How many words are in the sentence {q}?", "Please count the words: {q}", "{q} - how many words is that?",
    "{q} How many words are in that?", "How many words did I write here: {q}", "Number of words: {q}",
    "I wrote {q}. How many words is that?", "How long is {q} in words?", "Words in {q}?", "How many words is {q}?",
    "Count how many words there are in {q}.", "How many words make up {q}?",
    "Tell me the number of words in the text {q}", "Count words: {q}", "How many separate words are in {q}?",
    "The sentence is {q}. Count its words.", "how many words in {q}", "word count: {q}", "count the words in {q}",
    "words: {q}", "Count all the words in {q}.", "How many words can you count in {q}?", "{q}: how many words?",
    "{q} has how many words?", "{q} consists of how many words?", "What's the word count of {q}?",
    "What's the number of words in {q}?", "Please tell me the word count of {q}.",
    "Count the words of the following text: {q}", "Count the words for me: {q}", "Read {q} and count the words.",
    "Can you count the words in {q}?",
)  # fmt: skip
_LETTERS: Final = (
    "How many letters are in the word {q}?", "How many letters does {q} have?", "How many letters in {q}?",
    "Count the letters in {q}.", "How many letters are there in {q}?", "How long is the word {q}?", "Letters in {q}?",
    "What is the number of letters in {q}?", "Number of letters in {q}?", "Tell me how many letters {q} has.",
    "Count the letters of the word {q}.", "How many characters are in {q}?", "The word {q} has how many letters?",
    "How many letters do I need to write {q}?", "Letter count of {q}?", "What is the length of the word {q}?",
    "how many letters in {q}", "letter count: {q}", "count the letters in {q}", "{q} has how many letters?",
    "{q}: how many letters?", "How many letters make up {q}?", "How many letters are used to spell {q}?",
    "Can you count the letters in {q}?", "What's the letter count of {q}?", "How long is {q} in letters?",
)  # fmt: skip
_REVERSE: Final = (
    "Reverse the word {q}", "Reverse {q}", "Reverse {q}.", "Spell {q} backwards.", "Spell {q} backward",
    "Write {q} in reverse.", "Write {q} backwards.", "What is {q} backwards?", "What is {q} spelled backwards?",
    "Reverse this word: {q}", "Reverse the letters of {q}.", "How do you spell {q} backwards?", "Turn {q} around.",
    "Flip the word {q}.", "Reverse: {q}", "What is the reverse of {q}?", "What does {q} look like in reverse?",
    "Give me {q} in reverse order.", "Backwards: {q}", "Reverse the string {q}.", "Read {q} from right to left.",
    "Say {q} backwards.", "Mirror the word {q}.", "{q} backwards?", "{q} in reverse, please.",
    "Reverse the following word: {q}", "How is {q} written backwards?",
    "Write the word {q} from the last letter to the first.", "What do you get when you reverse {q}?", "Reversed {q}?",
    "Put the letters of {q} in the opposite order.", "Type {q} backwards.", "Take the word {q} and reverse it.",
    "Print {q} reversed.", "Invert the letters in {q}.", "Output the word {q} with its letters reversed.",
    "reverse {q}", "{q} backwards", "{q} written backwards", "{q} spelled backwards", "{q} reversed",
    "spell {q} backwards", "Can you spell {q} from back to front?", "Write {q} starting at its last letter.",
    "Can you reverse {q}?", "Could you write {q} backwards?", "Spell {q} in reverse.",
    "Spell {q} from the end to the beginning.", "Write {q} back to front.", "{q} back to front?",
    "{q}: write it backwards.", "{q}, but backwards", "{q} the other way round?",
    "What word do you get from {q} backwards?", "Take {q} and write it from the end.", "What would {q} be in reverse?",
    "The letters of {q} from last to first?", "Show me {q} backwards.", "Give the reverse of {q}.",
)  # fmt: skip
_REVERSED_ONLY: Final = (
    " Answer with the word only.", " Only the reversed word.", " Just the result.", " Give only the result.",
    " Reply with one word.", " No explanation.", " Just write the word.", " Nothing else.", " Answer in one word.",
)  # fmt: skip
_QUOTES: Final = ('"{0}"', '"{0}"', "'{0}'", "“{0}”", "`{0}`")


def addition(draw: Draw) -> Example:
    """Two numbers of 0-99 added, as an expression, in words or within a little story."""
    a, b = _operands(draw, "+")
    if draw.chance(0.12) and min(a, b) > 1:
        return _story(draw, _MORE, a, b, a + b)
    if draw.chance(0.35):
        return _number(draw, _fill(draw, _SUMS, a, b), a + b)
    return _number(draw, _expression(draw, a, b, _PLUS), a + b)


def subtraction(draw: Draw) -> Example:
    """One number of 0-99 taken from another; the result may be negative."""
    a, b = _operands(draw, "-")
    if a < b and draw.chance(0.5) and kept_back(("-", b, a)) == kept_back(("-", a, b)):
        a, b = b, a  # positive results are asked for more often
    if draw.chance(0.12) and a >= b > 1:
        return _story(draw, _FEWER, a, b, a - b)
    if draw.chance(0.12) and a >= b:
        low_first = draw.chance(0.3)
        return _number(draw, _fill(draw, _GAPS, b if low_first else a, a if low_first else b), a - b)
    if draw.chance(0.3):
        return _number(draw, _fill(draw, _DIFFERENCES, a, b), a - b)
    return _number(draw, _expression(draw, a, b, _MINUS), a - b)


def comparison(draw: Draw) -> Example:
    """The larger or smaller one of two or three numbers of 0-999; or yes and no."""
    high = draw.any((10, 20, 100, 100, 100, 999, 999))
    numbers = [draw.number(0, high) for _ in range(3)]
    while len(set(numbers)) < 3:
        numbers = [draw.number(0, high) for _ in range(3)]
    a, b, _ = numbers
    more = draw.chance(0.55)
    if draw.chance(0.3):
        b = a if draw.chance(0.05) else b
        text = texts.phrasing(draw, _IS_MORE if more else _IS_LESS).format(a=a, b=b)
        if draw.chance(0.12):
            text += draw.any((" Answer yes or no.", " Yes or no?", " Just yes or no.", " Answer with yes or no."))
        return ask(question(draw, text), "Yes" if (a > b if more else a < b) else "No")
    if draw.chance(0.7):
        numbers.pop()
    commas = ", ".join(map(str, numbers))
    head = ", ".join(map(str, numbers[:-1]))
    text = texts.phrasing(draw, _LARGER if more else _SMALLER)
    text = text.format(c=commas, l=f"{head} or {numbers[-1]}", k=f"{head} and {numbers[-1]}")
    return _number(draw, text, max(numbers) if more else min(numbers))


def counting(draw: Draw) -> Example:
    """The number of words in a text of 1-10 words: they are numbered one by one, and the last number is told."""
    text = texts.sentence(draw) if draw.chance(0.5) else texts.words(draw, draw.number(1, 10))
    text = texts.marked(draw, text)
    template = texts.phrasing(draw, _COUNT)
    ends = template.endswith((": {q}", "? {q}"))
    if ends and draw.chance(0.6):  # unquoted, after a colon or on a line of its own
        asked = template.removesuffix(" {q}") + draw.any((" ", " ", "\n", "\n\n")) + text
    else:
        asked = template.format(q=draw.any(_QUOTES).format(text))
        if asked[-1] in ".?" and draw.chance(0.1):
            return ask(asked + draw.wording(_NUMBER_ONLY), str(len(text.split())))
    return _numbered(asked, [word.strip(".,!?;:") for word in text.split()], "word")


def letters(draw: Draw) -> Example:
    """The number of letters of a word of 3-9: they are numbered one by one."""
    word = _word(draw, 9)
    text = _loosely(draw, texts.phrasing(draw, _LETTERS).format(q=_quoted(draw, word)))
    return dataclasses.replace(_numbered(text, list(word), "letter"), spelled=True)


def reversing(draw: Draw) -> Example:
    """A word of 3-8 letters backwards, after it was spelled forwards: its tokens do not show its letters."""
    word = _word(draw, 8)
    if draw.chance(0.06):
        word = word.capitalize()
    backwards = word[::-1]
    text = texts.phrasing(draw, _REVERSE).format(q=_quoted(draw, word))
    if draw.chance(0.1):
        text = text.rstrip(".") + ("" if text.endswith("?") else ".") + draw.wording(_REVERSED_ONLY)
        return ask(text, backwards, spelled=True)
    starts = text.startswith(word)  # nothing may change the word's case
    return ask(
        text if starts else _loosely(draw, text),
        f"{'-'.join(word)}, reversed: {backwards}",
        spelled=True,
        accepts=lambda given: given.text.strip().rstrip(".").split(" ")[-1] == backwards,
    )


def _numbered(asked: str, parts: list[str], what: str) -> Example:
    count = len(parts)
    counted = ", ".join(f"{part} {number}" for number, part in enumerate(parts, 1))
    end = re.compile(rf"\b{count} {what}s?\.?\s*$")
    return ask(
        asked,
        f"{counted}: {count} {what}{'' if count == 1 else 's'}",
        accepts=lambda given: end.search(given.text) is not None,
    )


def _operands(draw: Draw, sign: str) -> tuple[int, int]:
    """Two numbers of 0-99, small ones oftener; an eighth of the pairs is kept back, but none of single digits."""
    while True:
        small = draw.random.random()
        a = draw.number(0, 12 if small < 0.3 else 99)
        b = draw.number(0, 12 if small < 0.2 or small > 0.9 else 99)
        basic = max(a, b) < 10
        pair = (sign, min(a, b), max(a, b)) if sign == "+" else (sign, a, b)
        if (kept_back(pair) and not basic) == draw.held_out:
            return a, b


def _expression(draw: Draw, a: int, b: int, signs: tuple[str, ...]) -> str:
    sign = draw.any(signs)
    if draw.chance(0.12):
        sign = sign if sign.strip().replace(" ", "").isalpha() else {"+": " plus ", "-": " minus "}[sign.strip()]
        expression = f"{texts.number_word(a)}{sign}{texts.number_word(b)}"
    else:
        expression = f"{a}{sign}{b}"
    return texts.phrasing(draw, _BARE if draw.chance(0.3) else _EXPRESSIONS).format(e=expression)


def _fill(draw: Draw, templates: tuple[str, ...], a: int, b: int) -> str:
    in_words = draw.chance(0.12)
    first, second = (texts.number_word(a), texts.number_word(b)) if in_words else (str(a), str(b))
    return texts.phrasing(draw, templates).format(a=first, b=second)


def _story(draw: Draw, templates: tuple[str, ...], a: int, b: int, result: int) -> Example:
    text = texts.phrasing(draw, templates).format(a=a, b=b, t=draw.pick(_THINGS), n=draw.first_name())
    if draw.chance(0.1):
        text += draw.wording(_NUMBER_ONLY)
    return ask(text, str(result))


def _number(draw: Draw, text: str, result: int, *, loose: bool = True) -> Example:
    """A question whose answer is a number and nothing else."""
    if loose and text[-1] in ".?" and draw.chance(0.1):
        return ask(text + draw.wording(_NUMBER_ONLY), str(result))
    return ask(_loosely(draw, text) if loose else text, str(result))


def _loosely(draw: Draw, text: str) -> str:
    """`text` with careless or polite wording around it, of the kind that fits what it is."""
    if not text[:1].isupper():
        return text
    if "?" in text or ":" in text or text.startswith("I "):
        return question(draw, text)
    return request(draw, text)


def _word(draw: Draw, longest: int) -> str:
    """A word of 3 to `longest` letters: common, a name, or made up."""
    while True:
        kind = draw.random.random()
        word = draw.pool("common_words") if kind < 0.5 else draw.made_up_word()
        word = draw.first_name().lower() if kind > 0.92 else word
        if 3 <= len(word) <= longest and word.isascii() and word.isalpha():
            return word


def _quoted(draw: Draw, word: str) -> str:
    return draw.any(_QUOTES).format(word) if draw.chance(0.5) else word


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "addition": ("arithmetic", 0.3, addition),
    "subtraction": ("arithmetic", 0.25, subtraction),
    "comparison": ("arithmetic", 0.12, comparison),
    "counting": ("arithmetic", 0.13, counting),
    "letters": ("arithmetic", 0.03, letters),
    "reversing": ("arithmetic", 0.17, reversing),
}
