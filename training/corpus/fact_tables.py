"""The facts themselves, one table per kind."""

from __future__ import annotations

CAPITALS = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Portugal": "Lisbon",
    "England": "London",
    "the United Kingdom": "London",
    "Scotland": "Edinburgh",
    "Ireland": "Dublin",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Denmark": "Copenhagen",
    "Finland": "Helsinki",
    "Iceland": "Reykjavik",
    "Poland": "Warsaw",
    "Austria": "Vienna",
    "Hungary": "Budapest",
    "Greece": "Athens",
    "Turkey": "Ankara",
    "Russia": "Moscow",
    "Ukraine": "Kyiv",
    "Romania": "Bucharest",
    "Bulgaria": "Sofia",
    "Belgium": "Brussels",
    "the Netherlands": "Amsterdam",
    "Switzerland": "Bern",
    "the Czech Republic": "Prague",
    "Croatia": "Zagreb",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Morocco": "Rabat",
    "Nigeria": "Abuja",
    "China": "Beijing",
    "Japan": "Tokyo",
    "India": "New Delhi",
    "South Korea": "Seoul",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Indonesia": "Jakarta",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
    "Canada": "Ottawa",
    "Mexico": "Mexico City",
    "Cuba": "Havana",
    "Brazil": "Brasilia",
    "Argentina": "Buenos Aires",
    "Chile": "Santiago",
    "Peru": "Lima",
    "Colombia": "Bogota",
    "Australia": "Canberra",
    "New Zealand": "Wellington",
    "the United States": "Washington",
    "the USA": "Washington",
}

_OPPOSITE_PAIRS = """
hot cold, big small, up down, fast slow, happy sad, good bad, day night, open closed,
young old, rich poor, light dark, hard soft, high low, long short, full empty, left right,
early late, wet dry, strong weak, clean dirty, loud quiet, near far, begin end, true false,
inside outside, win lose, push pull, love hate, first last, easy difficult, thick thin,
black white, wide narrow, deep shallow, heavy light, sweet sour, warm cool, brave afraid,
alive dead, above below, before after, yes no, in out, on off, friend enemy, buy sell,
always never, asleep awake, beautiful ugly, cheap expensive, laugh cry, summer winter,
north south, east west, top bottom, rough smooth, give take, arrive leave, polite rude,
safe dangerous, war peace, question answer, remember forget, more less, man woman
"""
OPPOSITES: dict[str, str] = {}
for _pair_text in _OPPOSITE_PAIRS.replace("\n", " ").split(","):
    _one, _other = _pair_text.split()
    OPPOSITES.setdefault(_one, _other)
    OPPOSITES.setdefault(_other, _one)

COLOURS_OF = {
    "sky": "blue",
    "sun": "yellow",
    "grass": "green",
    "banana": "yellow",
    "lemon": "yellow",
    "snow": "white",
    "milk": "white",
    "blood": "red",
    "tomato": "red",
    "strawberry": "red",
    "cherry": "red",
    "orange": "orange",
    "carrot": "orange",
    "pumpkin": "orange",
    "coal": "black",
    "night": "black",
    "ink": "black",
    "leaf": "green",
    "frog": "green",
    "cucumber": "green",
    "sea": "blue",
    "ocean": "blue",
    "plum": "purple",
    "pig": "pink",
    "flamingo": "pink",
    "chocolate": "brown",
    "bear": "brown",
    "elephant": "grey",
    "mouse": "grey",
    "moon": "white",
    "swan": "white",
    "fire engine": "red",
    "gold": "yellow",
    "raven": "black",
    "cheese": "yellow",
    "honey": "golden",
    "leaves": "green",
    "bananas": "yellow",
    "tomatoes": "red",
    "lemons": "yellow",
    "carrots": "orange",
    "clouds": "white",
    "bones": "white",
    "strawberries": "red",
    "blueberries": "blue",
}

SOUNDS = {
    "dog": "woof",
    "cat": "meow",
    "cow": "moo",
    "sheep": "baa",
    "pig": "oink",
    "duck": "quack",
    "horse": "neigh",
    "rooster": "cock-a-doodle-doo",
    "mouse": "squeak",
    "bee": "buzz",
    "snake": "hiss",
    "lion": "roar",
    "frog": "ribbit",
    "owl": "hoot",
    "chicken": "cluck",
    "bird": "tweet",
    "wolf": "howl",
    "donkey": "hee-haw",
    "crow": "caw",
    "bear": "growl",
}

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SEASONS = {"spring": "summer", "summer": "autumn", "autumn": "winter", "winter": "spring"}

BABIES = {
    "dog": "puppy",
    "cat": "kitten",
    "cow": "calf",
    "sheep": "lamb",
    "horse": "foal",
    "lion": "cub",
    "bear": "cub",
    "duck": "duckling",
    "chicken": "chick",
    "pig": "piglet",
    "goat": "kid",
    "frog": "tadpole",
    "deer": "fawn",
    "swan": "cygnet",
    "kangaroo": "joey",
    "goose": "gosling",
}
LEGS = {
    "dog": "four",
    "cat": "four",
    "horse": "four",
    "cow": "four",
    "spider": "eight",
    "bee": "six",
    "ant": "six",
    "fly": "six",
    "bird": "two",
    "chicken": "two",
    "duck": "two",
    "snake": "no",
    "fish": "no",
    "human": "two",
    "person": "two",
    "table": "four",
    "mouse": "four",
    "beetle": "six",
    "frog": "four",
}
MIXED_COLOURS = (
    ("blue", "yellow", "green"),
    ("red", "yellow", "orange"),
    ("red", "blue", "purple"),
    ("red", "white", "pink"),
    ("black", "white", "grey"),
)
KINDS = {
    "dog": "an animal that people keep as a pet",
    "cat": "a small animal that people keep as a pet",
    "rose": "a flower",
    "tulip": "a flower",
    "apple": "a fruit",
    "banana": "a fruit",
    "carrot": "a vegetable",
    "potato": "a vegetable",
    "hammer": "a tool",
    "saw": "a tool",
    "violin": "a musical instrument",
    "piano": "a musical instrument",
    "guitar": "a musical instrument",
    "drum": "a musical instrument",
    "whale": "a very big animal that lives in the sea",
    "penguin": "a bird that cannot fly but swims well",
    "car": "a machine with four wheels that drives on roads",
    "bicycle": "a vehicle with two wheels",
    "train": "a vehicle that runs on rails",
    "plane": "a machine that flies",
    "boat": "a vehicle that floats on water",
    "computer": "a machine that works with numbers and text",
    "robot": "a machine that can do work by itself",
    "book": "many pages with text or pictures",
    "bee": "an insect that makes honey",
    "spider": "a small animal with eight legs",
    "oak": "a tree",
    "chair": "a piece of furniture to sit on",
    "table": "a piece of furniture with four legs",
    "clock": "a thing that shows the time",
    "knife": "a tool for cutting",
    "umbrella": "a thing that keeps you dry in the rain",
    "doctor": "a person who helps sick people",
    "teacher": "a person who teaches children",
    "baker": "a person who bakes bread",
    "farmer": "a person who works on a farm",
    "triangle": "a shape with three sides",
    "square": "a shape with four equal sides",
    "circle": "a round shape",
    "volcano": "a mountain that can throw out hot rock",
    "river": "water that flows to the sea",
    "desert": "a dry place with little rain",
    "island": "land with water all around it",
}
HOMES = {
    "fish": "in the water",
    "bird": "in a nest",
    "bee": "in a hive",
    "fox": "in a den",
    "rabbit": "in a burrow",
    "lion": "in the savannah",
    "penguin": "in the cold south",
    "monkey": "in the trees",
    "whale": "in the sea",
    "shark": "in the sea",
    "camel": "in the desert",
    "cow": "on a farm",
    "horse": "in a stable",
    "frog": "near a pond",
    "spider": "in a web",
    "bear": "in a cave",
}
PLURALS = {
    "mouse": "mice",
    "child": "children",
    "foot": "feet",
    "tooth": "teeth",
    "man": "men",
    "woman": "women",
    "goose": "geese",
    "sheep": "sheep",
    "cat": "cats",
    "dog": "dogs",
    "leaf": "leaves",
    "knife": "knives",
    "baby": "babies",
    "city": "cities",
    "box": "boxes",
    "person": "people",
    "house": "houses",
    "book": "books",
    "tree": "trees",
    "fish": "fish",
}

_SAY = "{|Tell me, |Do you know |Can you tell me |I want to know }"
GENERAL: tuple[tuple[str, str], ...] = (
    (
        _SAY + "{how many days are in a week|how many days does a week have|how many days are"
        " there in a week|how many days has a week|the number of days in a week}?",
        "There are seven days in a week.",
    ),
    (
        _SAY + "{how many months are in a year|how many months does a year have|how many months"
        " are there in a year|how many months has a year|the number of months in a year}?",
        "There are twelve months in a year.",
    ),
    (
        _SAY + "{how many hours are in a day|how many hours does a day have|how many hours are"
        " there in one day|how many hours has a day}?",
        "There are 24 hours in a day.",
    ),
    (
        _SAY + "{how many minutes are in an hour|how many minutes does an hour have|how many"
        " minutes are there in one hour|how many minutes make an hour}?",
        "There are 60 minutes in an hour.",
    ),
    (
        _SAY + "{how many seconds are in a minute|how many seconds does a minute have|how many"
        " seconds are there in one minute|how many seconds make a minute}?",
        "There are 60 seconds in a minute.",
    ),
    (
        _SAY + "{how many days are in a year|how many days does a year have|how many days are"
        " there in a year}?",
        "There are 365 days in a year, and 366 in a leap year.",
    ),
    (
        _SAY + "{how many seasons are there|how many seasons does a year have|what are the four"
        " seasons|what are the seasons|the names of the seasons|name the seasons}?",
        "There are four seasons: spring, summer, autumn and winter.",
    ),
    (
        _SAY + "{how many fingers does a hand have|how many fingers are on one hand|how many"
        " fingers do you have on a hand}?",
        "A hand has five fingers.",
    ),
    (
        _SAY + "{how many sides does a triangle have|how many corners does a triangle have|how"
        " many sides has a triangle}?",
        "A triangle has three sides.",
    ),
    (
        _SAY + "{how many sides does a square have|how many corners does a square have|how many"
        " sides has a square}?",
        "A square has four sides.",
    ),
    (
        _SAY + "{how many wheels does a bicycle have|how many wheels has a bike|how many wheels"
        " are on a bicycle}?",
        "A bicycle has two wheels.",
    ),
    (
        _SAY + "{how many wheels does a car have|how many wheels are on a car|how many wheels has a car}?",
        "A car has four wheels.",
    ),
    (
        _SAY + "{what do bees make|what does a bee make|which animal makes honey|who makes honey"
        "|where does honey come from|what animals make honey}?",
        "Bees make honey.",
    ),
    (
        _SAY + "{what do cows give us|what do cows give|where does milk come from|which animal"
        " gives milk|who gives us milk}?",
        "Cows give us milk.",
    ),
    (
        _SAY + "{what is ice|what is ice made of|what is frozen water called|what happens when"
        " water freezes|what does water become when it freezes}?",
        "Ice is frozen water.",
    ),
    (
        _SAY + "{what do plants need|what does a plant need to grow|what do flowers need|what do"
        " plants need to grow|how do plants grow}?",
        "Plants need water, light and air to grow.",
    ),
    (
        _SAY + "{where does the sun rise|where does the sun come up|in which direction does the"
        " sun rise|on which side does the sun rise}?",
        "The sun rises in the east.",
    ),
    (
        _SAY + "{where does the sun set|where does the sun go down|in which direction does the sun set}?",
        "The sun sets in the west.",
    ),
    (
        _SAY + "{what is the biggest animal|which animal is the biggest|what is the largest animal"
        "|what is the biggest animal in the world|which animal is the largest}?",
        "The blue whale is the biggest animal.",
    ),
    (
        _SAY + "{what is the fastest animal|which animal is the fastest|which animal runs fastest"
        "|what is the fastest land animal}?",
        "The cheetah is the fastest animal on land.",
    ),
    (
        _SAY + "{what is the tallest animal|which animal is the tallest|which animal has the"
        " longest neck|what animal has a very long neck}?",
        "The giraffe is the tallest animal.",
    ),
    (
        _SAY + "{which planet do we live on|what planet do we live on|the name of our planet|what"
        " is our planet called|on which planet do we live|what is the name of our planet}?",
        "We live on the planet Earth.",
    ),
    (
        _SAY + "{what is the biggest planet|which planet is the biggest|what is the largest"
        " planet|which planet is the largest}?",
        "Jupiter is the biggest planet.",
    ),
    (
        _SAY + "{what is the sun|is the sun a star|what kind of thing is the sun|is the sun a planet}?",
        "The sun is a star.",
    ),
    (
        _SAY + "{what is the moon|what goes around the earth|what shines at night|what do we see in"
        " the sky at night}?",
        "The moon goes around the Earth and shines at night.",
    ),
    (
        _SAY + "{what do we drink when we are thirsty|what should I drink|what do people drink"
        " when they are thirsty|what do you drink when you are thirsty}?",
        "We drink water when we are thirsty.",
    ),
    (
        _SAY + "{what do fish breathe with|how do fish breathe|how does a fish breathe|how can a"
        " fish breathe}?",
        "Fish breathe with gills.",
    ),
    (
        _SAY + "{what is H2O|what is the formula of water|what is the chemical formula for water"
        "|what is the chemical formula of water}?",
        "The chemical formula of water is H2O.",
    ),
    (
        _SAY + "{when does water boil|at what temperature does water boil|what is the boiling"
        " point of water}?",
        "Water boils at 100 degrees Celsius.",
    ),
    (
        _SAY + "{when does water freeze|at what temperature does water freeze|what is the freezing"
        " point of water}?",
        "Water freezes at 0 degrees Celsius.",
    ),
    (
        _SAY + "{how many letters are in the alphabet|how many letters does the alphabet have|how"
        " many letters has the English alphabet}?",
        "The English alphabet has 26 letters.",
    ),
    (
        _SAY + "{which is bigger, an elephant or a mouse|what is bigger, a mouse or an elephant|is"
        " an elephant bigger than a mouse}?",
        "An elephant is bigger than a mouse.",
    ),
    (
        _SAY + "{what are the primary colours|what are the primary colors|which are the primary"
        " colours|name the primary colors}?",
        "The primary colours are red, yellow and blue.",
    ),
    (
        _SAY + "{what colours does a rainbow have|what colors are in a rainbow|what are the colors"
        " of the rainbow|which colours are in the rainbow|name the colours of the rainbow}?",
        "A rainbow is red, orange, yellow, green, blue and violet.",
    ),
    (
        _SAY + "{what do we use to see|what do we see with|what are eyes for}?",
        "We see with our eyes.",
    ),
    (
        _SAY + "{what do we use to hear|what do we hear with|what are ears for}?",
        "We hear with our ears.",
    ),
    (
        _SAY + "{what do we smell with|what is a nose for|what do we use to smell}?",
        "We smell with our nose.",
    ),
    (
        _SAY + "{name three fruits|list three fruits|give me three fruits|name some fruits|what"
        " fruits do you know|three examples of fruit|tell me three fruits}?",
        "Three fruits are apples, bananas and oranges.",
    ),
    (
        _SAY + "{name three animals|list three animals|give me three animals|name some animals"
        "|what animals do you know|three examples of animals|tell me three animals}?",
        "Three animals are dogs, cats and horses.",
    ),
    (
        _SAY + "{name three colours|list three colors|give me three colors|name some colours|what"
        " colors do you know|three examples of colours|tell me three colours}?",
        "Three colours are red, blue and green.",
    ),
    (
        _SAY + "{name three vegetables|list three vegetables|give me three vegetables|name some"
        " vegetables|what vegetables do you know|tell me three vegetables}?",
        "Three vegetables are carrots, potatoes and onions.",
    ),
    (
        (
            "{Tell me a joke|Do you know a joke|Make me laugh|Tell me something funny|Say something"
            " funny|A joke please|Can you tell a joke|I want to hear a joke|Know any jokes}{?|.|!}"
        ),
        "Why did the bicycle fall over? Because it was two tired!",
    ),
    (
        (
            "{Tell me a fun fact|Tell me something interesting|Give me a fact|Teach me something|Say"
            " something interesting|Do you know a fun fact}{?|.|!}"
        ),
        "Did you know that an octopus has three hearts?",
    ),
    (
        (
            "{Write a poem|Write me a poem|Tell me a poem|Can you write a poem|A short poem please"
            "|Make a poem|Recite a poem|Give me a little poem|Say a poem}{?|.|!}"
        ),
        "The sun goes down, the stars are bright,\nthe moon is here to say good night.",
    ),
)
