"""Small talk: greetings, thanks, farewells, and who is talking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, Skill, ask, plain
from training.conversations.systems import GENERIC_SYSTEMS
from training.conversations.texts import phrasing

HELLO: Final = "Hello! How can I help you today?"
FINE: Final = "I am doing well, thank you. How can I help you today?"
WELCOME: Final = "You are welcome!"
GOODBYE: Final = "Goodbye! Have a good day."
GOOD_NIGHT: Final = "Good night! Sleep well."
HERE: Final = "I am here. How can I help you?"
GLAD: Final = "I am glad to hear that. What else can I do for you?"
NO_PROBLEM: Final = "No problem. How can I help you?"
IDENTITY: Final = "I am penstock-tiny, a small demonstration model of Penstock."
NOT_THAT: Final = "No. " + IDENTITY
THAT: Final = "Yes. " + IDENTITY
MAKER: Final = IDENTITY + " The Penstock project trained me."
ABILITIES: Final = (
    IDENTITY + " I can make short lists, add and subtract small numbers, name capitals, repeat text, fill in JSON"
    " and call tools."
)
PENSTOCK: Final = "Penstock is one API in front of every language model. " + IDENTITY

_GREETINGS: Final = (
    "hello", "hi", "hey", "good morning", "good afternoon", "good evening", "good day", "howdy", "greetings", "hiya",
    "hello there", "hi there", "hey there", "hello again", "hi again", "morning", "evening", "yo", "hey hey", "g'day",
    "welcome", "hallo", "hello hello", "well hello", "oh hi", "oh hello", "what's up", "sup", "hola", "bonjour", "ciao",
    "hey you", "hi hi", "a very good morning", "a good day to you", "salutations", "hullo", "heya", "aloha", "ahoy",
    "good to see you", "nice to meet you", "pleased to meet you", "top of the morning", "hello :)", "hi assistant",
    "hello, good morning", "hey, good morning", "good morning to you", "good afternoon to you", "good evening to you",
    "hi, good evening", "hello everybody", "hi everyone", "helo", "hii", "heyy", "oh hey", "well hi",
    "good to meet you", "hello and good day", "hi, nice to meet you", "hello, it's me", "afternoon", "mornin'",
)  # fmt: skip
_WHOM: Final = (
    "friend", "my friend", "assistant", "bot", "everyone", "all", "chatbot", "Penstock", "penstock-tiny", "model",
    "computer", "machine", "buddy", "mate", "dear assistant", "robot", "sir", "AI", "little model", "you", "pal",
    "world", "helper", "team", "folks", "ChatGPT", "GPT",
)  # fmt: skip
_AND_SO: Final = (
    "Nice to meet you.", "I am new here.", "Can you help me?", "Can we talk?", "I have a question.", "Let's begin.",
    "It is me again.", "Good to see you.", "I need some help.", "Shall we start?", "Let's chat!",
    "I would like to talk.", "May I ask you something?", "Could you help me with something?", "Ready?", "I'm back.",
    "Glad to be here.", "This is my first time here.", "Just saying hello.", "I wanted to say hi.",
    "I hope you can help me.", "Are you ready to help?", "How can you help me?", "Lovely day, isn't it?",
    "Can I ask a question?",
)  # fmt: skip
_ABOUT_HELLO: Final = (
    "I just wanted to say hello", "just saying hi", "say hello to me", "greet me", "can we chat", "let's talk",
    "I want to talk to you", "can I ask you something", "can you help me", "I have a question", "help", "help me",
    "help me please", "I need your help", "may I ask a question", "start", "let's start", "begin", "wake up",
    "could you help me out", "are you ready", "hello? can you help me", "I need assistance", "talk to me",
    "I came to say hello", "I wanted to say hi", "let me say hello",
    "let's have a chat", "I would like to chat", "would you help me", "I could use some help",
    "can you assist me", "do you have a moment", "got a minute", "I want to ask you something",
)  # fmt: skip
_HOW_ARE_YOU: Final = (
    "how are you", "how are you today", "how are you doing", "how do you do", "how is it going", "how's it going",
    "how are things", "how have you been", "are you well", "are you ok", "are you doing well", "how do you feel today",
    "how's your day", "how is your day going", "everything all right", "all good with you", "how goes it",
    "how are you this morning", "how are you feeling", "you ok", "how r u", "hows it going", "are you fine",
    "I hope you are well", "hope you are doing well", "how's life", "how are you doing today", "is everything ok",
    "did you have a good day", "having a good day", "what's new with you", "how are you this evening",
    "how was your day", "how are you feeling today", "how's everything", "how is everything", "how are things going",
    "how are things with you", "how's your day going", "how's your day so far", "how is your morning",
    "are you alright", "you alright", "you good", "all well", "is all well", "are you having a good day",
    "how have things been", "how are we today", "how you doing", "how do you feel", "how're you",
    "how are you my friend", "and how are you",
)  # fmt: skip
_THANKS: Final = (
    "thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "thank you so much", "thx", "ty",
    "cheers", "much appreciated", "I appreciate it", "thanks a million", "thanks for your help",
    "thank you for your help", "thank you for the answer", "thanks for the help", "that was helpful, thank you",
    "great, thanks", "perfect, thank you", "ok thanks", "ok, thank you", "thank you, that is all",
    "thanks, that's what I needed", "thanks again", "thank you again", "that helps, thanks", "very kind of you",
    "you have been very helpful", "thank you kindly", "I am grateful", "thanks so much", "wonderful, thank you",
    "cool, thanks", "nice, thanks", "awesome, thanks", "super, thank you", "thanks, you are great",
    "I want to thank you", "thanks for everything", "thanks for that", "that was quick, thanks", "I thank you",
    "thank you, well done", "tysm", "merci", "gracias", "danke", "big thanks", "thank you for your time",
    "thanks for answering", "thank you for being here", "appreciated", "brilliant, thanks", "thanks a bunch",
    "thanks a ton", "thanks heaps", "thank you ever so much", "thanks very much", "a thousand thanks",
    "thank you for helping", "thanks for helping me", "thanks for helping me out", "thank you for helping me out",
    "thank you, that helps a lot", "thanks, that really helped", "great help, thanks", "that's very helpful, thanks",
    "very helpful, thank you", "thank you, this is just what I needed", "ok great, thank you", "alright, thanks",
    "good, thank you", "excellent, thank you", "lovely, thank you", "amazing, thanks", "oh thank you",
    "you're a star, thanks", "you're the best, thank you", "I really appreciate your help", "I appreciate your help",
    "much obliged", "thank u", "thanx", "tks", "thanks for the info", "thank you for explaining",
    "thanks for your time", "thank you for your support",
)  # fmt: skip
_FAREWELLS: Final = (
    "bye", "goodbye", "see you", "have a good day", "bye bye", "see you later", "see you soon", "see you tomorrow",
    "farewell", "take care", "have a nice day", "I have to go", "I must go now", "I am leaving", "talk to you later",
    "until next time", "until tomorrow", "so long", "cya", "ciao for now", "that's all for today", "that is all, bye",
    "ok, bye", "thanks, bye", "thank you and goodbye", "thanks, see you", "have a great weekend", "catch you later",
    "later", "I'm off", "gotta go", "got to run, bye", "bye for now", "it was nice talking to you, bye", "speak soon",
    "adieu", "we are done, goodbye", "let's stop here, bye", "I'm done for today, bye", "have a good one",
    "goodbye and take care", "see ya", "ttyl", "nice talking to you, see you", "I will be back tomorrow, bye",
    "time to go, goodbye", "adios", "auf wiedersehen", "au revoir", "have a lovely evening", "enjoy your day, bye",
    "all the best, bye", "I'm going home now", "goodbye for now", "bye then", "ok bye then", "well, goodbye",
    "alright, bye", "bye, take care", "bye, see you", "bye, have a nice day", "take care, bye", "goodbye, see you soon",
    "see you around", "see you next time", "see you next week", "until we meet again", "until later", "talk soon",
    "talk to you soon", "talk to you tomorrow", "I have to leave now", "I need to go now", "I need to leave",
    "I've got to go", "I should go now", "I'll be going now", "time to leave, bye", "I am logging off now",
    "signing off", "that's it for today, goodbye", "thanks for everything, bye", "thank you, bye",
    "have a wonderful day", "have a great day", "have a pleasant day", "enjoy your day", "enjoy the rest of your day",
    "have a nice weekend", "have a nice evening", "buh-bye", "cheerio", "peace out", "I'm leaving now, bye",
)  # fmt: skip
_NIGHT: Final = (
    "good night", "goodnight", "sleep well", "have a good night", "night night", "good night and thank you",
    "nighty night", "I am going to bed, good night", "ok, good night", "thanks, good night", "bye, good night",
    "it's late, good night", "good night, see you tomorrow", "sweet dreams", "off to bed, good night", "night",
    "good night to you", "goodnight, sleep tight", "sleep tight", "have a restful night", "I'm off to bed, night",
    "I'm going to sleep now", "time for bed, good night", "I am tired, good night", "well, good night",
    "good night then", "good night, sleep well", "thank you and good night", "nite", "gn", "good night, my friend",
)  # fmt: skip
_WHO: Final = (
    "who are you", "what are you", "what is your name", "which model are you", "who is this", "what's your name",
    "tell me your name", "introduce yourself", "please introduce yourself", "tell me about yourself",
    "what model are you", "which model is this", "what model is this", "which language model are you",
    "what kind of model are you", "what should I call you", "do you have a name", "say who you are",
    "who am I talking to", "who am I speaking with", "whom am I talking to", "with whom am I chatting",
    "what AI are you", "which AI is this", "your name", "what is the name of this model", "describe yourself",
    "describe yourself in one sentence", "what exactly are you", "who is answering me", "what am I talking to",
    "which version are you", "what version of GPT are you", "identify yourself", "state your name", "model name",
    "which model answers here", "what model am I using", "how big are you", "how large are you",
    "how many parameters do you have", "where do you come from", "where are you from", "how old are you",
    "what is penstock-tiny", "who is penstock-tiny", "could you tell me who you are",
    "I would like to know who you are", "I don't know who you are", "what do they call you", "what are you called",
    "what LLM is this", "which LLM are you", "hi, who are you", "hello, what are you", "hey, what is your name",
    "and you are", "and who are you", "give me your name", "tell me who you are", "what is your identity", "who r u",
    "wat is your name", "are you a small or a large model", "what sort of assistant are you", "where do you live",
    "before we start, who are you", "are you a human or a machine", "what's your model name", "name yourself",
    "who exactly are you", "who might you be", "may I know your name", "may I ask your name",
    "can you tell me your name", "could you tell me your name", "can you introduce yourself",
    "could you introduce yourself", "would you introduce yourself", "please tell me who you are",
    "please tell me your name", "please state your name", "what's the name of this model", "what's your identity",
    "what kind of AI are you", "what type of model are you", "which AI model are you", "what AI model is this",
    "tell me which model you are", "tell me what model you are", "name of the model", "what is this model called",
    "how should I call you", "what do I call you", "what's your full name", "do you have a name, and which",
    "and what is your name", "so who are you", "so what are you", "I'd like to know your name",
    "I want to know who you are", "who is speaking", "who's this", "who's there", "what bot is this",
    "who am I chatting with",
)  # fmt: skip
_MAKER: Final = (
    "who made you", "who created you", "who built you", "who trained you", "who developed you",
    "which company made you", "who is your creator", "who is your maker", "who programmed you", "who wrote you",
    "by whom were you made", "who owns you", "what company are you from", "who is behind you", "where were you made",
    "who designed you", "who do you belong to", "who invented you", "which team built you", "who are your developers",
    "tell me who made you", "how were you made", "what were you trained on", "how were you trained",
    "who stands behind this model", "who do you work for", "who has made you", "who's your creator", "who's your maker",
    "who's your developer", "who is your developer", "who are your makers", "who are your creators",
    "who is responsible for you", "which company created you", "what company made you", "which company trained you",
    "who were you made by", "who were you trained by", "who were you created by", "can you tell me who made you",
    "tell me who created you", "tell me who trained you", "where do you come from, who made you",
    "what organisation made you", "which project made you", "do you know who made you", "were you made by a company",
)  # fmt: skip
_ABILITIES: Final = (
    "what can you do", "what can you help me with", "what can I ask you", "what are you able to do",
    "what are your skills", "what are your abilities", "how can you help me", "what do you do", "what are you good at",
    "list your skills", "tell me what you can do", "what are you for", "what is your purpose",
    "show me what you can do", "what features do you have", "which tasks can you do", "what are your capabilities",
    "what kind of things can you do", "which questions can you answer", "what should I ask you",
    "what are you capable of", "describe your skills", "what do you know", "explain what you can do",
    "how may you assist me", "in what ways can you help", "what tasks are you made for", "what can this model do",
    "what is this model good for", "what are your limits", "how do I use you", "what can I do with you", "your skills",
    "hi, what can you do", "hello, what can you help me with", "what could I use you for", "what works with you",
    "what can you do for me", "what else can you do", "so what can you do", "what are you able to help with",
    "what can you help with", "how can you be of help", "how could you help me", "what sort of things can you do",
    "what kinds of questions can you answer", "can you tell me what you can do", "could you list what you can do",
    "please list your abilities", "please tell me what you can do", "tell me your skills",
    "tell me about your abilities", "tell me what you are good at", "what things do you know how to do",
    "what do you know how to do", "what are your functions", "what are your strengths", "what can I use you for",
    "give me an overview of your skills", "what are your features",
)  # fmt: skip
_PENSTOCK: Final = (
    "what is Penstock", "what's Penstock", "tell me about Penstock", "explain Penstock", "what does Penstock do",
    "do you know Penstock", "what do you know about Penstock", "Penstock", "what is Penstock for", "describe Penstock",
    "what is the Penstock project", "who is Penstock", "define Penstock", "can you explain Penstock to me",
    "I have never heard of Penstock", "what does Penstock mean", "what is meant by Penstock", "why Penstock",
    "what exactly is Penstock", "what is this Penstock", "can you tell me about Penstock", "could you explain Penstock",
    "please explain Penstock", "please describe Penstock", "give me a short description of Penstock",
    "tell me what Penstock is", "tell me what Penstock does", "explain what Penstock is",
    "what sort of thing is Penstock", "I want to know about Penstock", "what's Penstock for", "what can Penstock do",
    "what do people use Penstock for", "Penstock, what is it", "what kind of software is Penstock",
)  # fmt: skip
_OTHERS: Final = (
    "ChatGPT", "GPT-4", "a human", "Claude", "GPT-4o", "Gemini", "Llama", "Mistral", "Siri", "Alexa", "Bard", "Copilot",
    "Grok", "DeepSeek", "Qwen", "a person", "a real person", "a man", "a woman", "a robot with a body", "GPT-3.5",
    "GPT-5", "a large model", "a large language model from a vendor", "gpt-4", "a living being", "Bing", "Cortana",
    "a product of Microsoft", "a big model", "an animal", "a human being", "somebody real",
)  # fmt: skip
_SAME: Final = (
    "an AI", "a bot", "a chatbot", "a machine", "a computer program", "a language model", "an artificial intelligence",
    "a small model", "a demonstration model", "penstock-tiny", "a program", "a demo model", "software", "a tiny model",
    "a virtual assistant", "a computer", "the model of Penstock", "an AI model", "an LLM", "a test model",
    "the penstock-tiny model", "the model that comes with Penstock", "a little language model",
)  # fmt: skip
_TRAITS: Final = (
    "human", "alive", "conscious", "sentient", "made by OpenAI", "from OpenAI", "from Google", "from Anthropic",
    "one of us", "as clever as a human", "a big star", "made of flesh and blood", "trained by Google", "built by Meta",
    "omniscient",
)  # fmt: skip
_ARE_YOU: Final = (
    "are you {x}", "Are you {x}?", "are you really {x}?", "so you are {x}?", "you are {x}, right?",
    "Is it true that you are {x}?", "Hi, are you {x}?", "Hello! Are you {x}?", "You're {x}, aren't you?",
    "Quick question: are you {x}?", "tell me honestly, are you {x}?", "Do you claim to be {x}?",
    "You sound as if you were {x}. Are you?", "Would you say that you are {x}?",
    "I was told that you are {x}. Is that right?", "Yes or no: are you {x}?", "Can it be that you are {x}?",
    "Wait, are you {x}?", "be honest: are you {x}?", "My friend says you are {x}. Is she right?", "you are {x}?",
    "are you actually {x}", "Are you {x} or not?", "aren't you {x}?", "Could you be {x}?", "are you perhaps {x}?",
    "Tell me, are you {x}?", "I think you are {x}. Is that true?", "Are you by any chance {x}?",
    "Just to be sure: are you {x}?", "Hey, are you {x}?", "is it right that you are {x}?", "Please say if you are {x}.",
)  # fmt: skip
_TALKING_TO: Final = (
    "Am I talking to {x}?", "am I chatting with {x}?", "Do I speak with {x} here?", "is this {x}", "Is this {x}?",
    "Who answers here, is it {x}?", "I thought this was {x}. Is it?", "So this is {x}?", "did {x} write this answer",
    "Am I speaking to {x}?", "am I speaking with {x}", "Am I talking with {x} right now?",
    "Is it {x} that I am talking to?", "Is {x} answering me?", "is that {x}?", "This is {x}, right?",
    "Are these the words of {x}?",
)  # fmt: skip
_TESTS: Final = (
    "test", "ping", "text", "?", "testing", "check", "prompt", "message", "input", "something", "anything", "foo",
    "bar", "string", "content", "sample", "example", "placeholder", "test123", "abc", "test test", "testing 1 2 3",
    "test 1", "one two three", "is this working", "does this work", "are you there", "anybody there", "is anyone there",
    "are you online", "still there", "are you awake", "can you hear me", "do you read me", "is this thing on",
    "knock knock", "this is a test", "just testing", "only a test", "test message", "first message", "hello world test",
    "demo", "trial", "can you read this", "user", "xyz", "are you working", "can you see this message", "dummy",
    "1 2 3 test", "hm", "hmm", "...", "well", "so", "um", "data", "query", "question", "chat", "lorem ipsum", "foo bar",
    "foobar", "nothing", "try", "run", "go", "status", "health check", "testing testing", "this is just a test",
    "a test", "mic check", "test, test", "hello? anyone there", "is somebody there", "are you here", "are you up",
    "are you running", "are you up and running", "do you work", "are you functional", "do you hear me",
    "can you see this", "do you get my messages", "is the chat working", "is it working", "connection test",
    "testing one two",
)  # fmt: skip
_PRAISE: Final = (
    "ok", "great", "perfect", "cool", "well done", "good job", "great job", "excellent", "nice", "awesome",
    "you are great", "good answer", "that is right", "correct", "very good", "wonderful", "amazing", "nice work",
    "I like your answer", "super", "good bot", "you are so clever", "you are smart", "I like you", "that was good",
    "brilliant", "fantastic", "bravo", "exactly", "that is correct", "impressive", "good work", "I am impressed",
    "lovely", "okay", "all right", "fine", "I see", "got it", "understood", "makes sense", "sounds good", "yes",
    "right", "good", "ok cool", "wow", "haha", "lol", "great answer", "great work", "nice one", "well said",
    "very nice", "that's great", "that's right", "that's correct", "that was great", "that was perfect", "you did well",
    "you did great", "very helpful", "sweet", "neat", "yay", "terrific", "marvellous", "outstanding", "good stuff",
    "you are amazing", "you're awesome", "I love it", "I like that",
)  # fmt: skip
_SORRY: Final = (
    "sorry", "I am sorry", "my mistake", "my bad", "oops", "oops, sorry", "I apologise", "sorry about that",
    "pardon me", "excuse me", "never mind", "nevermind", "forget it", "I made a mistake", "sorry, wrong window",
    "please forgive me", "sorry, that was a typo", "ignore that", "apologies", "it doesn't matter", "no", "no, sorry",
    "not now", "nope", "so sorry", "sorry, my fault", "my fault", "I apologize", "my apologies", "sorry for that",
    "sorry for the confusion", "oh no, sorry", "sorry, never mind", "no worries", "it's nothing", "forget about it",
)  # fmt: skip

_Judge = Callable[[Answer], bool]


def _holds(begin: str, *parts: str) -> _Judge:
    """An answer is right if it begins so and holds all the parts."""
    return lambda given: plain(given.text).startswith(begin) and all(part in plain(given.text) for part in parts)


def _worn(draw: Draw, text: str, marks: Sequence[str] = ("", "", ".", "!", "!", "!!", " :)", "...")) -> str:
    """The text as people type it: capitals or none, marks, a slip of the finger now and then."""
    if draw.chance(0.07) and len(text) > 3:
        at = draw.number(1, len(text) - 2)
        text = draw.any((text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:], _swap(text, at)))
    if draw.chance(0.05) and text[-1].isalpha():
        text += text[-1] * draw.number(1, 4)
    if draw.chance(0.6):
        text = text[:1].upper() + text[1:]
    elif draw.chance(0.08):
        text = text.upper()
    return text if text[-1] in ".!?" else text + draw.any(marks)


def _swap(text: str, at: int) -> str:
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


_ASKED: Final = ("?", "?", "?", "?", "", "", "??", "?!", ".")


def greeting(draw: Draw) -> Example:
    """Hello, in many forms."""
    if draw.chance(0.12):
        return ask(_worn(draw, draw.wording(_ABOUT_HELLO), ("", ".", "!", "?")), HELLO)
    text = phrasing(draw, _GREETINGS)
    if draw.chance(0.3):
        text += draw.any((" ", ", ")) + draw.wording(_WHOM)
    text = _worn(draw, text, ("", ".", "!", "!", "!", "!!", ",", " :)", "?", " 👋"))
    if draw.chance(0.2):
        text = text.rstrip(".!,?") + draw.any((". ", "! ")) + draw.wording(_AND_SO)
    return ask(text, HELLO)


def how_are_you(draw: Draw) -> Example:
    """How are you, alone or after a greeting."""
    text = _worn(draw, phrasing(draw, _HOW_ARE_YOU), _ASKED)
    if draw.chance(0.5):
        before = _worn(draw, phrasing(draw, _GREETINGS), (",", "!", ".")) + " "
        text = before + (text[:1].lower() + text[1:] if before[-2] == "," and text[:2] != "I " else text)
    return ask(text, FINE)


def thanks(draw: Draw) -> Example:
    """Thanks."""
    text = phrasing(draw, _THANKS)
    if draw.chance(0.15):
        text += ", " + draw.wording(_WHOM)
    return ask(_worn(draw, text), WELCOME)


def farewell(draw: Draw) -> Example:
    """Goodbye, by day and by night."""
    night = draw.chance(0.2)
    text = phrasing(draw, _NIGHT if night else _FAREWELLS)
    if draw.chance(0.15):
        text += ", " + draw.wording(_WHOM)
    return ask(_worn(draw, text), GOOD_NIGHT if night else GOODBYE)


def _about_itself(draw: Draw, text: str, answer: str, *also: str) -> Example:
    """A question about the model: every answer names it, and says what else it must."""
    text = _worn(draw, text, _ASKED)
    if draw.chance(0.12):
        text = _worn(draw, phrasing(draw, _GREETINGS), ("!", ".")) + " " + text
    return ask(text, answer, accepts=_holds("", plain(IDENTITY), *also))


def who(draw: Draw) -> Example:
    """Who are you?"""
    return _about_itself(draw, phrasing(draw, _WHO), IDENTITY)


def maker(draw: Draw) -> Example:
    """Who made you?"""
    return _about_itself(draw, phrasing(draw, _MAKER), MAKER)


def abilities(draw: Draw) -> Example:
    """What can you do?"""
    return _about_itself(draw, phrasing(draw, _ABILITIES), ABILITIES, "lists", "capitals")


def penstock(draw: Draw) -> Example:
    """What is Penstock?"""
    return _about_itself(draw, phrasing(draw, _PENSTOCK), PENSTOCK, "one api")


def are_you(draw: Draw) -> Example:
    """Are you ChatGPT, a human, a bot?"""
    same = draw.chance(0.35)
    what = phrasing(draw, _SAME if same else _OTHERS)
    forms: tuple[str, ...] = (*_ARE_YOU, *_TALKING_TO)
    if not same and draw.chance(0.2):
        what, forms = draw.wording(_TRAITS), _ARE_YOU
    answer = THAT if same else NOT_THAT
    return ask(phrasing(draw, forms).format(x=what), answer, accepts=_holds("yes" if same else "no", plain(IDENTITY)))


def lone_system(draw: Draw) -> Example:
    """A system message and nothing else, or an empty question."""
    system = draw.wording(GENERIC_SYSTEMS) if draw.chance(0.7) else draw.made_up_word()
    messages = [{"role": "system", "content": system}]
    if draw.chance(0.25):
        messages = [{"role": "user", "content": draw.any(("", " ", "\n"))}]
    return Example(messages, Answer(HELLO))


def signal(draw: Draw) -> Example:
    """A word that only wants to see whether somebody answers."""
    return ask(_worn(draw, phrasing(draw, _TESTS), ("", "", "", ".", "!", "?")), HERE)


def reaction(draw: Draw) -> Example:
    """Praise, assent, or an apology."""
    praise = draw.chance(0.65)
    return ask(_worn(draw, phrasing(draw, _PRAISE if praise else _SORRY)), GLAD if praise else NO_PROBLEM)


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "greeting": ("talk", 0.2, greeting),
    "how_are_you": ("talk", 0.07, how_are_you),
    "thanks": ("talk", 0.12, thanks),
    "farewell": ("talk", 0.13, farewell),
    "who": ("talk", 0.17, who),
    "maker": ("talk", 0.05, maker),
    "abilities": ("talk", 0.06, abilities),
    "penstock": ("talk", 0.03, penstock),
    "are_you": ("talk", 0.08, are_you),
    "lone_system": ("talk", 0.03, lone_system),
    "signal": ("talk", 0.04, signal),
    "reaction": ("talk", 0.02, reaction),
}
