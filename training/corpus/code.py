"""A few lines of Python: small functions, asked for, plain, or with a hole in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from training.corpus.documents import Exchange, Hole, Text
from training.corpus.wording import question
from training.corpus.words import FOODS, PEOPLE

_ASK_FOR = (
    (
        "{Write|Show me|Give me|Create|Make|Can you write|Please write|I need|Could you write|Code}"
        " {a Python function|a function|a function in Python|a small Python function|Python code|code}"
        " {that|which} [what]{.|?|}"
    ),
    "{Write|Show me|Give me|Create|Define} a {function|Python function} [name] that [what]{.|}",
    "{How do I write|How can I write|What does} {a function that|Python code that} [what]{ look like|}?",
    "{Python|In Python}: {a function that |function that |}[what]{.|}",
)
_ASK_FOR_LINES = (
    (
        "{Write|Show me|Give me|Can you write|I need} {Python code|a Python program|a few lines of"
        " Python|code} {that|which} [what]{.|?|}"
    ),
    "{How do I|How can I|How to} [plain] in Python?",
    "{In Python|Python}: {how do I|how to} [plain]{?|}",
)


@dataclass(frozen=True)
class Function:
    """A function as a pattern: what it does and its source with free names."""

    name: str
    what: str
    source: str


@dataclass(frozen=True)
class Lines:
    """A few lines of a program: what they do (third person, plain form) and the source."""

    what: str
    plain: str
    source: str


FUNCTIONS = (
    Function(
        "add",
        "{adds two numbers|returns the sum of two numbers|adds a and b}",
        "def add(a, b):\n    return a + b\n",
    ),
    Function(
        "subtract",
        "{subtracts two numbers|returns the difference of two numbers}",
        "def subtract(a, b):\n    return a - b\n",
    ),
    Function(
        "multiply",
        "{multiplies two numbers|returns the product of two numbers}",
        "def multiply(a, b):\n    return a * b\n",
    ),
    Function("divide", "{divides two numbers|divides a by b}", "def divide(a, b):\n    return a / b\n"),
    Function(
        "is_even",
        "{checks if a number is even|tells whether a number is even|returns True if"
        " a number is even|tests for even numbers}",
        "def is_even(n):\n    return n % 2 == 0\n",
    ),
    Function(
        "is_odd",
        "{checks if a number is odd|tells whether a number is odd|returns True if a number is odd}",
        "def is_odd(n):\n    return n % 2 == 1\n",
    ),
    Function(
        "factorial",
        "{computes the factorial|computes the factorial of n|returns the"
        " factorial of a number|calculates a factorial}",
        "def factorial(n):\n    if n <= 1:\n        return 1\n    return n * factorial(n - 1)\n",
    ),
    Function(
        "fibonacci",
        "{computes Fibonacci numbers|returns the nth Fibonacci number|calculates the Fibonacci numbers}",
        "def fibonacci(n):\n    if n < 2:\n        return n\n"
        "    return fibonacci(n - 1) + fibonacci(n - 2)\n",
    ),
    Function(
        "greet",
        "{greets a person|says hello to a name|greets somebody by name|prints a greeting}",
        'def greet(name):\n    print("Hello, " + name + "!")\n',
    ),
    Function(
        "square",
        "{squares a number|returns the square of a number|computes a square}",
        "def square(x):\n    return x * x\n",
    ),
    Function("double", "{doubles a number|returns twice a number}", "def double(x):\n    return x * 2\n"),
    Function("half", "{halves a number|returns half of a number}", "def half(x):\n    return x / 2\n"),
    Function(
        "largest",
        "{finds the largest number in a list|returns the biggest number of a list"
        "|finds the maximum of a list}",
        "def largest(numbers):\n    best = numbers[0]\n    for number in numbers:\n"
        "        if number > best:\n            best = number\n    return best\n",
    ),
    Function(
        "smallest",
        "{finds the smallest number in a list|finds the minimum of a list}",
        "def smallest(numbers):\n    best = numbers[0]\n    for number in numbers:\n"
        "        if number < best:\n            best = number\n    return best\n",
    ),
    Function(
        "total",
        "{sums a list|adds up a list of numbers|returns the sum of a list|sums all numbers in a list}",
        "def total(numbers):\n    result = 0\n    for number in numbers:\n"
        "        result += number\n    return result\n",
    ),
    Function(
        "average",
        "{computes the average of a list|returns the mean of a list|computes the average}",
        "def average(numbers):\n    return sum(numbers) / len(numbers)\n",
    ),
    Function(
        "reverse",
        "{reverses a string|returns a text backwards|reverses a text}",
        "def reverse(text):\n    return text[::-1]\n",
    ),
    Function(
        "is_palindrome",
        "{checks for a palindrome|checks if a text is a palindrome}",
        "def is_palindrome(text):\n    return text == text[::-1]\n",
    ),
    Function(
        "count_words",
        "{counts the words in a text|counts words}",
        "def count_words(text):\n    return len(text.split())\n",
    ),
    Function(
        "shout",
        "{makes a text upper case|returns a text in upper case}",
        "def shout(text):\n    return text.upper()\n",
    ),
    Function(
        "maximum",
        "{returns the larger of two numbers|returns the bigger number}",
        "def maximum(a, b):\n    if a > b:\n        return a\n    return b\n",
    ),
    Function(
        "absolute",
        "{returns the absolute value|returns the absolute value of a number}",
        "def absolute(x):\n    if x < 0:\n        return -x\n    return x\n",
    ),
    Function(
        "is_positive",
        "{checks if a number is positive|tells whether a number is positive}",
        "def is_positive(n):\n    return n > 0\n",
    ),
    Function(
        "count_down",
        "{counts down|counts down from n|prints a countdown}",
        "def count_down(n):\n    while n > 0:\n        print(n)\n        n -= 1\n",
    ),
    Function(
        "area",
        "{computes the area of a rectangle|returns the area of a rectangle}",
        "def area(width, height):\n    return width * height\n",
    ),
    Function(
        "contains",
        "{checks if a list contains an item|tells whether an item is in a list}",
        "def contains(items, item):\n    return item in items\n",
    ),
    Function(
        "first",
        "{returns the first item of a list|gets the first item}",
        "def first(items):\n    return items[0]\n",
    ),
    Function(
        "last",
        "{returns the last item of a list|gets the last item}",
        "def last(items):\n    return items[-1]\n",
    ),
)

LINES = (
    Lines(
        "{prints hello world|prints Hello, world}",
        "{print hello world|print Hello, world}",
        'print("Hello, world!")\n',
    ),
    Lines(
        "{prints the numbers from 1 to 10|counts to 10}",
        "{print the numbers from 1 to 10|count to 10}",
        "for number in range(1, 11):\n    print(number)\n",
    ),
    Lines(
        "{loops over a list|prints every item of a list}",
        "{loop over a list|print every item of a list}",
        "for item in items:\n    print(item)\n",
    ),
    Lines(
        "{asks for a name and greets|reads a name}",
        "{ask for a name|read a name from the user}",
        'name = input("What is your name? ")\nprint("Hello, " + name + "!")\n',
    ),
    Lines(
        "{makes a list of squares|computes squares}",
        "{make a list of squares|use a list comprehension}",
        "squares = [x * x for x in range(10)]\nprint(squares)\n",
    ),
    Lines(
        "{reads a file|prints a file}",
        "{read a file|open a file}",
        'with open("file.txt") as file:\n    print(file.read())\n',
    ),
    Lines(
        "{sorts a list|sorts numbers}",
        "{sort a list|sort numbers}",
        "numbers = [3, 1, 2]\nnumbers.sort()\nprint(numbers)\n",
    ),
    Lines(
        "{makes a dictionary|uses a dictionary}",
        "{make a dictionary|create a dictionary}",
        'ages = {"Ann": 7, "Tom": 9}\nprint(ages["Ann"])\n',
    ),
    Lines(
        "{counts from 0 to 4|uses a while loop}",
        "{write a while loop|use a while loop}",
        "count = 0\nwhile count < 5:\n    print(count)\n    count += 1\n",
    ),
    Lines(
        "{uses a for loop|shows a for loop}",
        "{write a for loop|use a for loop}",
        "for number in range(5):\n    print(number)\n",
    ),
    Lines(
        "{defines a class|shows a class}",
        "{define a class|write a class}",
        "class Dog:\n    def __init__(self, name):\n        self.name = name\n\n"
        '    def bark(self):\n        print(self.name + " says woof!")\n',
    ),
)
_RENAMES = (("numbers", ("numbers", "values", "items")), ("text", ("text", "word", "string")))


def make_code(rng: Random) -> Exchange:
    """Return a wish for some Python and the code in a fence."""
    if rng.random() < 0.25:
        lines = rng.choice(LINES)
        what = question(
            rng, rng.choice(_ASK_FOR_LINES), what=_free(rng, lines.what), plain=_free(rng, lines.plain)
        )
        return Exchange(what, _fenced(lines.source))
    function = rng.choice(FUNCTIONS)
    asked = question(rng, rng.choice(_ASK_FOR), what=_free(rng, function.what), name=function.name)
    return Exchange(asked, _fenced(function.source))


def make_code_text(rng: Random) -> Text:
    """Return a file of one to four functions."""
    return Text(draw_file(rng))


def make_hole(rng: Random) -> Hole:
    """Return a file with a hole where an editor would ask for one, or anywhere."""
    source = draw_file(rng)
    maker = rng.choices((_line_hole, _word_hole, _any_hole), (9, 8, 3))[0]
    start, end = maker(rng, source)
    return Hole(source[:start], source[start:end], source[end:])


def draw_file(rng: Random) -> str:
    """Return the source of one to four different functions or programs, and perhaps a call."""
    count = rng.choices((1, 2, 3, 4), (8, 4, 2, 1))[0]
    chosen: list[Function | Lines] = rng.sample((*FUNCTIONS, *FUNCTIONS, *LINES), count)
    sources = list(dict.fromkeys(_renamed(rng, one.source) for one in chosen))
    if rng.random() < 0.4:
        sources += _use(rng, chosen)
    return "\n\n".join(sources)


def _use(rng: Random, chosen: list[Function | Lines]) -> list[str]:
    """Return a line that calls one of the functions, if there is one."""
    heads = [re.match(r"def (\w+)\((.*?)\)", one.source) for one in chosen]
    calls = [f"{head[1]}({_arguments(rng, head[2])})" for head in heads if head]
    if not calls:
        return []
    frame = rng.choice(("print({})\n", "print({})\n", "{}\n", "result = {}\nprint(result)\n", "assert {}\n"))
    return [frame.format(rng.choice(calls))]


def _arguments(rng: Random, names: str) -> str:
    """Return values that suit the usual names of arguments."""
    values = {
        "name": f'"{rng.choice(PEOPLE)}"',
        "text": f'"{rng.choice(FOODS)}"',
        "numbers": str([rng.randint(1, 9) for _ in range(rng.randint(1, 4))]),
        "items": str([rng.randint(1, 9) for _ in range(rng.randint(1, 4))]),
    }
    return ", ".join(values.get(name, str(rng.randint(1, 12))) for name in names.split(", "))


def _any_hole(rng: Random, source: str) -> tuple[int, int]:
    """Return the borders of a hole of up to 80 characters anywhere, also inside words."""
    start, end = sorted(rng.sample(range(len(source) + 1), 2))
    return start, min(end, start + 80)


def _word_hole(rng: Random, source: str) -> tuple[int, int]:
    """Return the borders of a hole inside one line, between words or signs."""
    lines = [match for match in re.finditer(r"[^\n]+", source) if match[0].strip()]
    line = rng.choice(lines)
    borders = [match.start() for match in re.finditer(r"\b|$|(?<=[(\[ ])", line[0])]
    start, end = sorted(rng.sample(sorted(set(borders)), 2))
    if rng.random() < 0.5:
        end = len(line[0])
    return line.start() + start, line.start() + end


def _line_hole(rng: Random, source: str) -> tuple[int, int]:
    """Return the borders of a hole of one to three lines, from the indent or the line break on."""
    lines = source.splitlines(keepends=True)
    place = rng.choice([number for number, line in enumerate(lines) if line.strip()])
    line = lines[place]
    cut = rng.choice((len(line) - len(line.lstrip()), 0))
    start = sum(len(before) for before in lines[:place]) + cut
    n_lines = rng.choice((1, 1, 1, 2, 3))
    return start, sum(len(before) for before in lines[: place + n_lines]) - 1


def _renamed(rng: Random, source: str) -> str:
    """Return the source, sometimes with its arguments named otherwise."""
    if rng.random() < 0.6:
        return source
    for old, new in _RENAMES:
        if f"({old}" in source:
            source = source.replace(old, rng.choice(new))
    if source.startswith("def ") and "(a, b)" in source:
        one, other = rng.choice((("x", "y"), ("first", "second"), ("left", "right")))
        source = source.replace("(a, b)", f"({one}, {other})")
        source = source.replace(" a ", f" {one} ").replace(" b\n", f" {other}\n")
        source = source.replace(" b:", f" {other}:").replace("return a\n", f"return {one}\n")
    return source


def _free(rng: Random, pattern: str) -> str:
    return rng.choice(pattern.strip("{}").split("|"))


def _fenced(source: str) -> str:
    return f"```python\n{source}```"
