"""How people ask for lists, the usual ways first."""

from __future__ import annotations

from typing import Final

NUMBERS: Final = {
    1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
    11: "eleven", 12: "twelve",
}  # fmt: skip

MANY: Final = (
    "Generate {what}", "List {what}", "Name {what}", "Give me {what}", "Generate {what}.", "List {what}.",
    "Name {what}.", "Give me {what}.", "Tell me {what}.", "Write {what}.", "Write down {what}", "Show me {what}",
    "Suggest {what}.", "Provide {what}.", "Produce {what}", "Print {what}", "Come up with {what}.", "Think of {what}.",
    "Enumerate {what}", "Make a list of {what}.", "Create a list of {what}", "Create {what}", "Output {what}",
    "Return {what}.", "Say {what}.", "Write a list of {what}.", "Give a list of {what}", "Pick {what}.",
    "Choose {what} at random.", "Mention {what}.", "Send me {what}", "Invent {what}", "Propose {what}.", "Find {what}.",
    "Recite {what}", "Type {what}.", "Offer {what}", "Generate a list of {what}", "Generate a list with {what}.",
    "List {what} for me.", "Make up {what}", "Let me have {what}.", "Compile a list of {what}", "Give us {what}.",
    "Note down {what}", "Draw up a list of {what}.", "Supply {what}.", "Tell me the names of {what}", "Spit out {what}",
    "Give {what}", "Give an example list of {what}.", "Hand me {what}", "Just name {what}.", "Show {what}",
    "List just {what}.", "Name me {what}.", "Tell me {what} you can think of.", "Write out {what}.",
    "Throw out {what}.", "List out {what}", "Put down {what}.", "Come up with a list of {what}", "Share {what}.",
    "Get me {what}", "Put together a list of {what}", "Give me a list with {what}.", "Give me a list of {what}",
    "Show me a list of {what}.", "Show me {what} I could use.", "Prepare a list of {what}",
)  # fmt: skip
MANY_ASKED: Final = (
    "What are {what}?", "Can you name {what}?", "Can you give me {what}?", "Could you list {what}?",
    "Which {what} can you think of?", "Do you know {what}?", "May I have {what}?", "Would you name {what}?",
    "Can I get {what}?", "Can I have {what}, please?", "What would be {what}?", "Will you tell me {what}?",
    "Are you able to name {what}?", "Could I get a list of {what}?", "Would you mind listing {what}?",
    "Do you have {what} for me?", "Can you think of {what}?", "Could you generate {what}?", "Could you give me {what}?",
    "Could you name {what}?", "Can you list {what}?", "Can you show me {what}?", "Could you come up with {what}?",
    "Can you suggest {what}?", "Would you give me {what}?", "Can you write down {what}?", "What are {what} you know?",
    "Which {what} do you know?", "How about {what}?", "Could you please provide {what}?", "Can you tell me {what}?",
)  # fmt: skip
MANY_PLAIN: Final = (
    "{what}", "{what} please", "I need {what}.", "A list of {what}", "{what}, please", "I want {what}",
    "I would like {what}.", "I'd like {what}", "{what}!", "For a game I need {what}.",
    "My task is to find {what}. Help me.", "We are looking for {what}.", "Examples: {what}", "{what}, nothing else.",
    "Just {what}.", "Only {what}, no other text.", "{what} for my story", "I am writing a story and need {what}.",
    "For my homework: {what}.", "Quick, {what}!", "List: {what}", "Wanted: {what}", "give {what}, only the list",
    "Task: {what}", "I have to write down {what} for school. Please help.", "{what}, go", "{what}?", "{what}.",
    "{what} thanks", "{what} pls", "{what} for me", "{what}, quick", "I could use {what}.", "Looking for {what}.",
    "I am looking for {what}", "I'd love {what}.", "I'd like to have {what}, please.", "need {what}",
    "Let's see {what}.", "Let me see {what}", "Please, {what}", "For a quiz I need {what}.", "Nothing but {what}.",
    "Time for {what}.",
)  # fmt: skip
ONE_ASKED: Final = (
    "Can you name {what}?", "Do you know {what}?", "Can you give me {what}?", "Could you tell me {what}?",
    "Can you think of {what}?", "What would be {what}?", "Would you name {what}?", "May I have {what}?",
    "Can I get {what}?", "Could you give me {what}?", "Could you name {what}?", "Can you tell me {what}?",
    "Can you show me {what}?", "How about {what}?", "Can you suggest {what}?", "Would you tell me {what}?",
    "Can I have {what}?", "Could you come up with {what}?",
)  # fmt: skip
COUNTED: Final = (
    "{Items}: {n}", "{Items} ({n})", "{Items}, {n} of them", "I need {items}, {n} of them.",
    "Give me {items}. {n} of them.", "List {items}, exactly {n}.", "List {items}. I need {n}.",
    "How about some {items}? {n}, please.", "{Items} x {n}", "I want a list of {items} with {n} entries.",
    "Make a list of {items} with {n} items.", "Count: {n}. Kind: {items}.", "A list of {items}, {n} in total",
    "Generate {items}, {n} in number.", "Write {items}, one after the other, {n} in all.",
    "number of {items} wanted: {n}", "Topic: {items}. Number of items: {n}. Write the list.",
    "The {items} list must have {n} lines.", "{n} {items}, one per line", "{n} {items}, one per line.",
    "{n} {items} - one per line", "{n} {items} (one per line)", "{n} {items}, each on a new line",
    "{n} {items}, each on its own line.", "{n} {items}, one on each line, please", "{n} {items}, one a line",
    "{n} {items} one per line", "{n} {items}. One per line.", "One per line: {n} {items}",
    "one per line please: {n} {items}", "{n} {items}, no numbering", "{n} {items}, line by line",
    "{n} {items}, just the list.", "{n} different {items}, one per line", "Exactly {n} {items}.",
    "exactly {n} {items}, please", "Just {n} {items}, one per line.", "{items}? {n} of them, please.", "{items}, {n}",
)  # fmt: skip
HOW: Final = (
    "random ", "different ", "unique ", "distinct ", "common ", "popular ", "nice ", "well-known ", "simple ",
    "various ", "typical ", "famous ", "usual ", "good ", "everyday ", "ordinary ", "beautiful ", "interesting ",
    "lovely ",
)  # fmt: skip
HOW_ONE: Final = ("random ", "common ", "nice ", "popular ", "typical ", "well-known ", "single ", "simple ", "good ")

LINES: Final = (
    "one per line", "nothing else", "just the list", "each on a new line", "one a line", "each on its own line",
    "one on each line", "no numbering", "without numbers", "without any explanation", "no other text", "only the list",
    "don't explain", "line by line", "without commas, one per line", "separated by line breaks", "one item per line",
    "one per line, please", "one per line and nothing else", "put each on a new line", "a new line for each",
    "one below the other", "only one on each line",
)  # fmt: skip
COMMAS: Final = (
    "comma separated", "separated by commas", "comma-separated", "with commas between them", "in one line",
    "on a single line", "as a comma-separated list", "divided by commas", "on one line with commas", "all in one line",
    "in CSV form", "with a comma between the items", "in a row, with commas", "on one line, separated by commas",
    "comma separated, please", "separate them with commas", "separated by a comma", "use commas", "with commas",
    "commas between them", "all on one line, with commas", "as one comma-separated line", "just commas between them",
    "comma delimited",
)  # fmt: skip
NUMBERED: Final = (
    "numbered", "as a numbered list", "with numbers", "number each line", "in a numbered list", "and number them",
    "with a number before each", "as an ordered list", "numbered from 1", "with numbering", "each with its number",
    "in the form 1. 2. 3.", "and put a number in front of each", "numbered, please", "as a numbered list, please",
    "number them", "numbered list", "make it a numbered list", "use numbers", "with a number in front of each",
    "one numbered line each", "numbered one by one",
)  # fmt: skip
BULLETED: Final = (
    "as a bulleted list", "as bullet points", "with bullet points", "in bullet points", "with dashes",
    "as an unordered list", "each with a dash in front", "bulleted", "as a markdown list", "use bullets",
    "with a dash before each", "in bullet form", "as bullets", "bullet points, please", "use bullet points",
    "bulleted list", "make it a bulleted list", "bullet list", "use dashes", "as a list with dashes",
    "a dash before each one", "as dashed lines",
)  # fmt: skip
JSON: Final = (
    "as JSON", "as a JSON array", "in JSON format", "as a JSON list", "as an array of strings in JSON",
    "in a JSON array", "formatted as JSON", "as a JSON array of strings", "JSON only", "as a JSON array, please",
    "JSON array", "in JSON", "as JSON, please", "as a list in JSON", "use a JSON array", "output a JSON array",
    "as valid JSON",
)  # fmt: skip
FORM_SAID: Final = (
    "{text}, {form}", "{text} ({form})", "{text}. {Form}.", "{text} - {form}", "{text}; {form}", "{text} {form}",
    "{text}\n{Form}",
)  # fmt: skip

ONLY: Final = (
    "You are a {one} generator. Do not generate anything else than {many}.",
    "You are a {one} generator. Do not generate anything else than {many}", "You are a {one} generator.",
    "You generate {many}. Do not generate anything else.",
    "You are a generator of {many}. Never output anything other than {many}.", "You only write {many}, nothing else.",
    "Your only task is to generate {many}. Do not add any other text.", "Generate {many} and nothing but {many}.",
    "Output {many} only. No explanations, no greetings.",
    "You are a machine that prints {many}. It prints nothing else.", "Do not generate anything else than {many}.",
    "You are a helpful assistant that lists {many}. Do not write anything except {many}.",
    "Act as a {one} generator. Only answer with {many}.", "Respond with {many} only.", "{Many} generator",
    "You are a bot that knows only {many}. Reply with {many} and without any comment.", "Answer only with {many}.",
    "You produce lists of {many}. Nothing else is allowed.", "Whatever the user says, answer with {many}.",
    "You will be asked for {many}. Give the {many}, one per line, with no other words.",
    "You're a {one} bot. Only {many}!", "As a {one} generator, you must not say anything besides {many}.",
    "Only {many}. Nothing else.", "This service returns {many}. Do not return anything else.",
    "Never explain. Only list {many}.", "The user wants {many}. Do not generate anything other than that.",
    "Return nothing except {many}.", "You are an API for {many}. Every answer consists of {many} alone.",
    "Write {many} without introduction or conclusion.",
    "You are a random {one} generator. Don't generate anything but {many}.", "No talk, only {many}.",
    "You make up {many} for a game. Do not chat. Do not generate anything else.", "Generate only {many}.",
    "You are a {one} generator. Don't produce any other content.",
    "You are a {one} generator. Reply with nothing else.",
)  # fmt: skip
TERSE: Final = (
    "{n}", "{n} please", "Generate {n}", "Give me {n}", "{n}, please", "{n}.", "Generate {n}.", "generate {n} please",
    "go, {n} please", "Give me {n}.", "I need {n}", "I want {n} of them.", "{n} of them", "Now {n}", "Make it {n}.",
    "{n} now", "list {n}", "write {n}", "{n}!", "Go! {n}", "Can I have {n}?", "Let's have {n}.",
    "I would like {n}, please.", "x{n}", "{n} items", "count: {n}", "n = {n}", "{n} would be nice", "just {n}",
    "show {n}", "Please create {n}.", "exactly {n}", "{n} pls", "{n}?", "Please give me {n}.", "Please list {n}.",
    "show me {n}", "{n} thanks", "gimme {n}", "Could you give me {n}?", "name {n}", "Name {n}.", "Write {n} of them.",
    "give {n}", "{n} this time",
)  # fmt: skip
GO: Final = (
    "go", "Hello", "Generate", "start", "Go!", "generate some", "begin", "Some, please.", "a few examples",
    "Give me some", "list", "next", "Please start.", "Generate a list", "now", "hi", "Hi!", "Good morning",
    "Write your list.", "Do it.", "Go ahead.", "go on", "Your turn.", "Give me a list", "please", "Let's go", "ready",
    "Begin now.", "Show me some", "examples please", "do your thing", "ok", "Continue",
)  # fmt: skip
MORE: Final = (
    "{n} more", "Give me {n} more", "{n} more please", "Generate {n} more.", "and {n} more", "Now {n} others.",
    "another {n}", "{n} others, please", "Can I have {n} more?", "Please add {n} more.", "I need {n} more.",
    "Again, {n} new ones.", "more! {n} this time", "Continue with {n} more.", "And now {n} different ones.",
    "name another {n}", "{n} further ones", "{n} more?", "Could you give me {n} more?", "Could I get {n} more?",
    "give {n} others", "I'd like {n} more.", "Please list {n} more.", "{n} additional ones", "add another {n}",
    "some others, {n} please", "How about {n} more?",
)  # fmt: skip
ALL: Final = (
    "List all {many}", "What are the {many}?", "Name the {many}.", "List the {many}", "Name all {many}.", "all {many}",
    "the {many}", "Which are the {many}?", "Tell me all the {many}.", "Write down the {many}.",
    "Give me the names of all {many}.", "List all the {many}.", "What are all the {many}?", "Can you list all {many}?",
    "Could you name all the {many}?", "Give me all {many}.", "Which {many} are there?", "Show me all {many}",
    "all the {many}, please", "Tell me the names of all {many}.", "Write all {many}.",
)  # fmt: skip

ONE_MORE: Final = (
    "one more", "One more, please.", "another one", "Give me another one.", "Generate one more.", "and one more",
    "Can I have one more?", "another", "1 more", "Now another one.", "Please add one more.", "I need one more.",
    "one more?", "Just one more.", "Give me one more", "How about another one?", "Another, please.", "yet another one",
    "I'd like one more.", "Could I get another one?", "add one", "one additional one",
)  # fmt: skip
ONLY_COUNTED: Final = (
    "Generate exactly {n} {many} and nothing else.", "You always answer with {n} {many}.",
    "List {n} {many}. No other text.", "Whatever the user says, list {n} {many}.",
    "Output {n} {many}. Do not write anything else.", "Your answer has {n} {many}.",
    "You are a bot that prints {n} {many} each time.", "Reply to every message with {n} {many}, one per line.",
    "Each of your answers consists of {n} {many}.", "Do not generate anything else than {n} {many}.",
    "Always give {n} {many}.",
)  # fmt: skip
# What the things are for, by their pool: it changes nothing about the answer.
PURPOSES: Final[dict[str, tuple[str, ...]]] = {
    "first_names": (" for a baby", " for my character", " I could give my character", " for a story", " for my twins"),
    "colours": (
        " I could paint my room", " for my room", " for a wall", " for my bedroom", " I could use in a painting",
        " I could paint my house", " for a logo", " for a dress", " that I could paint my bike", " for my new car",
    ),
    "animals": (" for a story", " I could draw", " for a quiz", " that I could see at a zoo", " I can draw"),
    "fruits": (" I could buy", " for a fruit salad", " I could eat", " for my shopping list", " for a smoothie"),
    "vegetables": (" for a soup", " I could cook", " I could buy", " for my shopping list", " for my garden"),
    "cities": (" I could visit", " to visit", " for a trip", " for a quiz", " I could travel to"),
    "countries": (" I could visit", " to visit", " for a quiz", " I could travel to"),
    "sports": (" I could try", " I could learn", " for the weekend", " for children"),
    "jobs": (" for a story", " I could learn", " for a game"),
    "hobbies": (" I could try", " I could start", " for the weekend"),
    "instruments": (" I could learn", " for a band", " I could play"),
    "drinks": (" for a party", " I could order", " I could offer my guests"),
    "desserts": (" for a party", " I could make", " I could order"),
    "foods": (" for a party", " I could eat", " for my shopping list", " I could buy"),
    "flowers": (" for my garden", " I could plant", " for a bouquet"),
    "trees": (" for my garden", " I could plant"),
    "tools": (" for my workshop", " I could buy"),
    "toys": (" for my son", " for my daughter", " I could buy", " for a child"),
    "vehicles": (" for a story", " I could draw", " for a toy box"),
}  # fmt: skip
