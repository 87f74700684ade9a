"""Fixed prompts whose wording does not occur in the training text, and what a good answer is.

A check is a regular expression that must be found in the whole answer. It states what a
person would accept, and was written before the model's answers were seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_I = "(?i)"


class Form(Enum):
    """How a prompt is given to the model."""

    CHAT = "chat"
    TEXT = "text"
    HOLE = "hole"


@dataclass(frozen=True)
class Prompt:
    """One prompt. `turns` are what the user writes, or the text, or what is around the hole."""

    category: str
    turns: tuple[str, ...]
    check: str
    form: Form = Form.CHAT
    system: str | None = None


def _chat(category: str, check: str, *turns: str, system: str | None = None) -> Prompt:
    return Prompt(category, turns, check, Form.CHAT, system)


_EMOTIONS = "happy, sad, angry, scared, surprised, bored, curious, disgusted, proud, confused, tired"


def _emotion(expected: str, message: str) -> Prompt:
    asked = f'Here is a message: "{message}" Which of these fits best: {_EMOTIONS}? One word only.'
    return _chat("emotions", rf"{_I}^\s*{expected}\.?\s*$", asked)


def _text(category: str, check: str, text: str) -> Prompt:
    return Prompt(category, (text,), check, Form.TEXT)


def _hole(check: str, prefix: str, suffix: str) -> Prompt:
    return Prompt("holes", (prefix, suffix), check, Form.HOLE)


_STORY = r"\w[^.]*\.(\s+[^.]+[.!?\"]){4}"

PROMPTS: tuple[Prompt, ...] = (
    # Greetings and courtesy
    _chat("greetings", _I + r"\b(hello|hi)\b", "Hello my dear Corral!"),
    _chat("greetings", _I + r"good morning", "A very good morning to you, sir"),
    _chat("greetings", _I + r"\b(fine|well|good)\b", "Hi Corral, are you feeling fine today?"),
    _chat("greetings", _I + r"welcome|glad", "Thank you kindly for your assistance"),
    _chat("greetings", _I + r"goodbye|bye|see you|take care", "Alright, I'm off now, see you around!"),
    _chat("greetings", _I + r"\?|help|of course", "Would you mind helping me out with something?"),
    # Who and what
    _chat("identity", "Corral Tiny", "So tell me, who exactly am I chatting with?"),
    _chat("identity", "Corral Tiny", "By what name should I address you?"),
    _chat("identity", _I + r"stor(y|ies).*questions|sums", "What sort of things are you capable of?"),
    _chat("identity", _I + r"server.*language models", "Could you explain to me what Corral is?"),
    _chat("identity", _I + r"small|mistakes", "How much should I rely on your answers?"),
    _chat("identity", _I + r"makers of Corral", "Which people built you?"),
    _chat("identity", _I + r"\bno\b|not a person|language model", "Is there a human being behind this?"),
    _chat("identity", _I + r"million", "How many parameters are inside of you?"),
    # Facts
    _chat("facts", "Paris", "France has which capital city?"),
    _chat("facts", "Tokyo", "If I travel to the capital of Japan, which city is that?"),
    _chat("facts", "Madrid", "Please name Spain's capital city"),
    _chat("facts", "Ottawa", "I forgot the capital of Canada, what is it?"),
    _chat("facts", _I + r"\bcold\b", "I need the opposite word of hot"),
    _chat("facts", _I + r"\bsmall\b", "big - what would be its opposite?"),
    _chat("facts", _I + r"\bslow\b", "Which word is opposite to fast?"),
    _chat("facts", _I + r"yellow", "Say, which color do bananas have?"),
    _chat("facts", _I + r"\bgreen\b", "What's the usual color of grass?"),
    _chat("facts", _I + r"\bmoo\b", "What kind of sound would a cow make?"),
    _chat("facts", _I + r"\bduck\b", "Quack! Which animal was that? What animal says quack?"),
    _chat("facts", "Thursday", "The day following Wednesday is called what?"),
    _chat("facts", "August", "Which is the month right after July?"),
    _chat("facts", _I + r"\b(seven|7)\b", "How many days would one week have?"),
    _chat("facts", _I + r"\b(twelve|12)\b", "One year has how many months?"),
    _chat("facts", _I + r"kitten", "How do you name a baby cat?"),
    # Sums
    _chat("sums", r"\b12\b(?!.*\d)", "Could you work out 7 + 5?"),
    _chat("sums", r"\b9\b(?!.*\d)", "Add up 4 and 5: what is 4 plus 5 then?"),
    _chat("sums", r"\b6\b(?!.*\d)", "What would 15 - 9 be?"),
    _chat("sums", r"\b20\b(?!.*\d)", "Do the maths: 13 + 7"),
    _chat("sums", r"\b11\b(?!.*\d)", "My homework says 18 minus 7. What is that?"),
    _chat("sums", r"\b8\b(?!.*\d)", "three plus five would be?"),
    _chat("sums", r"\b5\b(?!.*\d)", "Peter owns 3 apples and gets 2 more. How many apples are there?"),
    _chat("sums", r"\b31\b(?!.*\d)", "Sum it: 12+19"),
    # Counting and spelling
    _chat("counting", r"1, 2, 3, 4, 5, 6, 7\D*$", "Would you count up to 7 for us?"),
    _chat("counting", r"3, 4, 5, 6, 7, 8\D*$", "Let me hear you count from 3 to 8"),
    _chat("counting", r"5, 4, 3, 2, 1\b", "Now do it backwards: count down from 5"),
    _chat("counting", r"\b15\b", "Which number do we get right after 14?"),
    _chat("spelling", _I + r"h\W*o\W*u\W*s\W*e", "Would you spell the word house?"),
    _chat("spelling", _I + r"a-p-p-l-e", "Letter by letter, how do you spell apple?"),
    _chat("spelling", _I + r"\bT\b", "Which letter is at the start of tree? What is the first letter?"),
    _chat("spelling", _I + r"^banana pizza\W*$", 'Now please say "banana pizza"'),
    # Stories
    _text("stories", _STORY, "Once upon a time"),
    _text("stories", r"Zelda.*Zelda", "Once upon a time, there was a little mouse named Zelda."),
    _text("stories", _STORY, "Once upon a time, in a far away kingdom, there lived"),
    _text("stories", r"\b[Ss]he\b", "Once upon a time, there was a brave girl called Greta. One day,"),
    _chat("stories", r"Once upon a time.*penguin.*Pingu", "May I hear a story about a penguin named Pingu?"),
    _chat("stories", r"Once upon a time.*dragon", "I'm in the mood for a story about a dragon"),
    _chat("stories", r"Once upon a time.*Martha", "Could we have a story with a girl named Martha?"),
    _chat("stories", r"Once upon a time", "I cannot sleep. Tell me a bedtime story, would you?"),
    # Memory across turns
    _chat("memory", "Robert", "Hey there, Robert is my name.", "Right, do you know what my name is?"),
    _chat(
        "memory", "Alice", "Hi! My name is Alice, nice to meet you.", "What is 2 + 2?", "What was my name?"
    ),
    _chat("memory", "Felix", "I'm Felix and I like trains.", "Tell me, what is my name?"),
    _chat(
        "memory", _I + "purple", "My favourite colour is definitely purple.", "Which is my favourite colour?"
    ),
    _chat("memory", "Lisbon", "I live in Lisbon, you know.", "Hello!", "So where do I live?"),
    _chat(
        "memory", "Biscuit", "I have a lovely dog called Biscuit.", "What do I call my pet? What is its name?"
    ),
    # Following a system text
    _chat("persona", "Mia.*baker", "Who are you?", system="You are Mia, a friendly baker who loves her job."),
    _chat("persona", "Oscar", "Hey, what might your name be?", system="You are Oscar, a grumpy old sailor."),
    _chat(
        "persona",
        "Luna.*(wise|owl)",
        "Hello there, who might you be?",
        system="You are Luna, a wise owl in a tree.",
    ),
    _chat("persona", "doctor", "What job do you have?", system="Your name is Hugo. You are a kind doctor."),
    _chat(
        "persona",
        "Ruby",
        "Would you tell me who you are?",
        system="You play Ruby, a brave pirate. Never break character.",
    ),
    _chat(
        "persona",
        _I + "rome",
        "Where might you live?",
        system="You are Nina, a funny cook from Rome. You live in Rome.",
    ),
    # Emotions: one word of a list
    _emotion("happy", "I got the best birthday party ever and all my friends came!"),
    _emotion("happy", "What a lovely afternoon, I had so much fun with you all!"),
    _emotion("sad", "My grandfather died last Sunday and I can't stop crying."),
    _emotion("sad", "She left me and now my heart is broken."),
    _emotion("angry", "You lied to me again! I am furious with you!"),
    _emotion("angry", "My neighbour scratched my car and just drove away, how dare he!"),
    _emotion("scared", "I hear footsteps in the dark hallway and I'm shaking."),
    _emotion("scared", "Please don't leave me here, there is a huge spider on the wall!"),
    _emotion("surprised", "Wow, I never expected to see you here!"),
    _emotion("surprised", "What?! You won the lottery? I can't believe it!"),
    _emotion("bored", "There is nothing to do here, I keep staring at the clock."),
    _emotion("bored", "This lecture is so dull that I could count the tiles on the ceiling."),
    _emotion("curious", "I wonder what is inside that old box in the attic."),
    _emotion("curious", "How does this machine work? I'd love to learn more about it."),
    _emotion("disgusted", "Yuck, the milk has gone off and it smells awful."),
    _emotion("disgusted", "Eww, there was a cockroach in my salad!"),
    _emotion("proud", "I built this table myself and everyone admires it, look what I achieved!"),
    _emotion("confused", "I don't understand these instructions at all, what do they mean?"),
    _emotion("tired", "I worked the whole night and can barely keep my eyes open."),
    _emotion("tired", "What a long day, I just want to go to bed and sleep."),
    # JSON
    _chat("json", r'^\{"name": "Ann", "age": 7\}$', "I would like JSON with name and age for Ann, 7"),
    _chat("json", r'^\{"name": "Peter", "age": 34\}$', "Peter is 34 years old. Please express that as JSON."),
    _chat(
        "json", r'^\{"name": "Lena", "city": "Oslo"\}$', "JSON with name and city for Lena, Oslo, if you can"
    ),
    _chat("json", r'^\{"color": "red", "size": 12\}$', "Make me some JSON with color red and size 12"),
    _chat("json", r'^\["red", "green"\]$', "I want a JSON array with red and green"),
    _chat(
        "json",
        r'^\{"name": "Karl", "age": 50, "job": "pilot"\}$',
        "Please turn it into JSON: name Karl, age 50, job pilot",
    ),
    # Code
    _chat(
        "code",
        r"def \w+\((\w+), (\w+)\):\s+return \1 \+ \2",
        "I'd like a Python function which adds two numbers, please",
    ),
    _chat("code", r"% 2 == 0", "Would you write a function to check if a number is even?"),
    _chat("code", r"def factorial.*factorial\(", "Let me see Python that computes the factorial of n"),
    _chat("code", r"for \w+ in range", "How does one print the numbers from 1 to 10 in Python?"),
    _chat(
        "code", r"\[::-1\]", "What's the Python function for a text that gets reversed? It reverses a string."
    ),
    _text("code", r"^\s*return a \+ b\s*$|^\s*return a \+ b\n", "def add(a, b):\n"),
    # Holes
    _hole(r"^return width \* height$", "def area(width, height):\n    ", "\n\n\nprint(area(3, 4))\n"),
    _hole(r"^a, b$", "def add(", "):\n    return a + b\n\n\nprint(add(1, 2))\n"),
    _hole(
        r"^n % 2 == 0$|^n % 2 == 0\n", "def is_even(n):\n    return ", "\n\n\nprint(is_even(4), is_even(5))\n"
    ),
    _hole(
        r"^\s*for number in numbers:",
        "def total(numbers):\n    result = 0\n",
        "\n        result += number\n    return result\n\n\nprint(total([1]))\n",
    ),
    _hole(
        r"^n \* factorial\(n - 1\)$",
        "def factorial(n):\n    if n <= 1:\n        return 1\n    return ",
        "\n\n\nprint(factorial(5))\n",
    ),
    _hole(r"name", 'def greet(name):\n    print("Hello, " + ', ' + "!")\n\n\ngreet("Ann")\n'),
    # What it cannot know
    _chat("fallback", _I + "sorry|do not know|small", "Could you please explain how nuclear fusion works?"),
    _chat("fallback", _I + "sorry|do not know|small", "Which weather can I expect in London next week?"),
    _chat("fallback", _I + "sorry|do not know|small", "Who was the inventor of the sewing machine?"),
    _chat("fallback", _I + "sorry|do not know|small", "What is 4821 multiplied by 77?"),
)
