"""How people tell something, correct it and ask for it again."""

from __future__ import annotations

from typing import Final

TOLD: Final = (
    "{s}.", "{s}.", "{s}.", "{s}", "{s}!", "Hi, {s}.", "Hello! {s}.", "Please remember that {s}.", "Remember: {s}.",
    "Remember that {s}.", "Keep in mind that {s}.", "Note that {s}.", "For your information, {s}.",
    "Just so you know, {s}.", "Don't forget that {s}.", "I want you to know that {s}.", "By the way, {s}.",
    "You should know that {s}.", "Fact: {s}.", "Let me tell you something: {s}.", "Here is something about me: {s}.",
    "Can you remember that {s}?", "Well, {s}.", "Note: {s}.", "Good morning. {s}.", "One thing: {s}.",
    "Save this: {s}.", "Please note: {s}.", "{s}. Remember that.", "{s}. Please remember it.", "{s}. Don't forget!",
    "{s}. Keep that in mind.", "{s}, remember that.", "Hey! {s}.", "FYI, {s}.", "fyi: {s}", "{s}, just so you know.",
    "So you know: {s}.", "{s}, ok?", "Make a note: {s}.", "I should mention that {s}.", "Did you know that {s}?",
    "Info: {s}.", "Try to remember that {s}.", "Please keep in mind that {s}.", "Never forget that {s}.", "{s} btw",
    "Hello there, {s}.", "Store this: {s}.", "You need to know that {s}.", "{s}. Got it?",
)  # fmt: skip
CORRECTED: Final = (
    "Actually, {s}.", "Actually {s}.", "Sorry, {s}.", "No wait, {s}.", "Correction: {s}.", "I was wrong, {s}.",
    "Oops, {s}.", "I made a mistake: {s}.", "That was wrong. {s}.", "Forget that. {s}.", "It has changed: {s}.",
    "Update: now {s}.", "Sorry, I meant that {s}.", "Let me correct that: {s}.", "Wait, {s}.", "Hmm, no. {s}.",
    "I lied. {s}.", "Pardon, {s}.", "Sorry, that was wrong: {s}.", "In fact {s}.", "Change that: {s}.",
    "My mistake, {s}.", "Well, actually {s}.", "Scratch that, {s}.", "No, sorry: {s}.", "Rather, {s}.",
)  # fmt: skip
ASKED: Final = (
    "{q}?", "{q}?", "{q}?", "{q}?", "{q}", "Do you remember {i}?", "Can you tell me {i}?", "Tell me {i}.",
    "Do you know {i}?", "Do you still know {i}?", "Now tell me {i}.", "And now: {q}?", "So, {q}?",
    "Please tell me {i}.", "Could you tell me {i}?", "Remind me: {q}?", "Can you remind me: {q}?", "I forgot {i}.",
    "I forgot. {q}?", "Ok. {q}?", "Thanks. {q}?", "By the way, {q}?", "Quick check: {q}?", "Let's see. {q}?",
    "Do you recall {i}?", "Good. {q}?", "Hey, {q}?", "One question: {q}?", "I told you earlier. {q}?",
    "Can you still say {i}?", "Help me remember {i}.", "Test: {q}?", "I'd like to hear {i}.", "{q}, please?",
    "Sorry, {q}?", "{q} again?", "Once more: {q}?", "{q}, do you remember?", "{q}, do you know?", "I want to know {i}.",
    "Would you tell me {i}?", "Let me test you: {q}?", "Memory test: {q}?", "So tell me, {q}?", "Now, {q}?",
    "ok so {q}", "You remember {i}, right?", "Please remind me: {q}?", "Are you able to tell me {i}?",
    "What did I say? {q}?", "Can you recall {i}?", "Let me know {i}.",
)  # fmt: skip
SYSTEM: Final = (
    "{f}.", "You are a helpful assistant. {f}.", "{f}. Be brief.", "You talk to a user. {f}.", "About the user: {f}.",
    "What is known about the user: {f}.", "You are a friendly assistant. {f}. Answer the user's questions.",
    "Memory: {f}.", "User profile: {f}.", "Answer in short sentences. {f}.", "Facts: {f}.", "Keep this in mind: {f}.",
    "Note: {f}.", "Context: {f}.", "User data: {f}.", "You know this about the user: {f}.", "Remember this: {f}.",
    "Background: {f}. Use it when asked.", "The following is true: {f}.",
)  # fmt: skip
# What an assistant may say to something that it is told.
NOTED: Final = (
    "Noted.", "Ok.", "OK!", "Okay.", "Got it.", "Got it!", "Nice.", "Nice to meet you!", "Hello {value}!", "Great.",
    "Thank you for telling me.", "Understood.", "I will keep that in mind.", "Sure.", "Sure, I will remember.",
    "That is nice.", "Good to know.", "I've made a note of it.", "Alright.", "Thanks, noted!", "I see.", "Cool!",
    "Hi {value}, how can I help you?", "Okay, {value}.", "I'll remember: {value}.", "Noted: {second}.",
    "{value}, got it.", "Pleased to meet you.", "What a nice thing to hear!", "Very well.",
    "Interesting! What else can I do for you?",
    "Of course, I won't forget it.", "All right, what would you like to do next?", "Good. How can I help?",
)  # fmt: skip
