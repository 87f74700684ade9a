"""A polite answer to what a very small model cannot know."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Exchange
from training.corpus.wording import question
from training.corpus.words import CITIES, PEOPLE

_TOPICS = [
    "quantum physics",
    "black holes",
    "the stock market",
    "the French Revolution",
    "photosynthesis",
    "nuclear power",
    "the Roman Empire",
    "climate change",
    "general relativity",
    "world history",
    "economics",
    "philosophy",
    "the human brain",
    "DNA",
    "politics",
    "taxes",
    "medicine",
    "law",
    "chess openings",
    "opera",
    "the Middle Ages",
    "inflation",
    "the internet",
    "machine learning",
    "neural networks",
    "blockchain",
    "bitcoin",
    "the universe",
    "dark matter",
    "electricity",
    "magnets",
    "gravity",
    "evolution",
    "vaccines",
    "viruses",
    "chemistry",
    "algebra",
    "calculus",
    "geometry",
    "statistics",
    "biology",
    "astronomy",
    "geology",
    "psychology",
    "sociology",
    "poetry",
    "modern art",
    "jazz",
    "ancient Egypt",
    "the Vikings",
    "World War Two",
    "the Cold War",
    "democracy",
    "capitalism",
    "logic",
    "grammar",
    "engines",
    "rockets",
    "satellites",
    "lasers",
    "batteries",
    "solar power",
    "wind power",
    "oil",
    "steel",
    "glass",
    "concrete",
    "bridges",
    "airplanes",
    "submarines",
    "genetics",
    "the immune system",
    "cancer",
    "diabetes",
    "nutrition",
    "yoga",
    "meditation",
    "religion",
    "mythology",
    "Shakespeare",
    "Mozart",
    "Beethoven",
    "Picasso",
    "Einstein",
    "Newton",
    "Napoleon",
    "Caesar",
    "Cleopatra",
    "computers",
    "operating systems",
    "compilers",
    "databases",
    "cryptography",
    "networks",
    "graph theory",
    "prime numbers",
    "string theory",
    "plate tectonics",
    "tsunamis",
    "hurricanes",
]
_WORKS = [
    "Hamlet",
    "Faust",
    "Don Quixote",
    "the Odyssey",
    "Moby Dick",
    "the Ninth Symphony",
    "the Mona Lisa",
    "War and Peace",
    "the telephone",
    "the light bulb",
    "the printing press",
    "the steam engine",
    "penicillin",
    "the theory of relativity",
    "Frankenstein",
    "the national anthem",
    "the first computer",
    "the radio",
    "the airplane",
    "dynamite",
    "America",
]
_ASKED = (
    (
        "{Explain|Can you explain|Tell me about|Teach me|What do you know about|Write an essay about|Give"
        " me a summary of|How does|Describe|Help me understand|What is the history of|Summarize|Write a"
        " report on|Write a long article about|I want to learn about|Give me details about} [topic]{.|?|}"
    ),
    (
        "{Who wrote|Who invented|Who made|Who discovered|Who painted|When was|What year was} [work]{?|"
        " made?| invented?|}"
    ),
    (
        "{What is the weather|How is the weather|Will it rain|What's the weather like|Is it sunny|What is"
        " the temperature} {today|tomorrow|in [city]|now|outside|in [city] today}?"
    ),
    (
        "{What time is it|What is the date today|What day is it today|What is the time|Which year is it"
        "|What's the date|Tell me the time|Do you know what time it is}{?| now?| in [city]?}"
    ),
    (
        "{Who is the president of|Who is the king of|How many people live in|What is the population of|Who"
        " is the mayor of|What is the size of|How far is it to|When was the founding of|What is the best"
        " restaurant in|Which hotel is good in|What is the history of} [city]?"
    ),
    (
        "{Who won the game|Who won the world cup|What is in the news|What happened today|What's the latest"
        " news|Who will win the election|What is the price of gold|How much is a bitcoin|What are the"
        " lottery numbers|Which stock should I buy|Who is the richest person|What will happen tomorrow}"
        "{?| today?|}"
    ),
    (
        "{Who is|Do you know|When was|How old is|Where does|Tell me about} [person] {Miller|Schmidt|Brown"
        "|Rossi|Dupont|Tanaka|Jones|Walker}{?| live?| born?|}"
    ),
    (
        "{Translate this into|Translate the text to|Say it in|How do you say cat in|How do you say good"
        " morning in|Translate hello to} {French|German|Latin|Japanese|Russian|Chinese|Arabic|Dutch}{.|?|}"
    ),
    (
        "{What is|How much is|Calculate|Compute} {[big] * [big]|[big] times [big]|[big] + [big]|[big] /"
        " [big]|the square root of [big]|[big] divided by [big]|[big] minus [big]}{?|}"
    ),
    (
        "{Search the web for|Open|Call|Send an email to|Book a flight to|Play some music|Turn on the light"
        "|Order a pizza|Set a timer|Send a message to} {[city]|[person]|}{.|?|}"
    ),
    (
        "{How do I fix my|How can I repair my|What is wrong with my|Why does my} {car|computer|phone"
        "|washing machine|printer|bike|heating|dishwasher|camera}{?| not work?|}"
    ),
    (
        "{What is the meaning of life|Why are we here|Is there a god|What happens after death|What is the"
        " purpose of life|Is there life on Mars|How did the universe begin|What is love|What is time|What is"
        " truth|What is consciousness|Does free will exist}?"
    ),
)
_ANSWER = "I am sorry, I do not know that. I am only a small demonstration model."


def make_fallback(rng: Random) -> Exchange:
    """Return a question that is too hard and the honest answer."""
    slots = {
        "topic": rng.choice(_TOPICS),
        "work": rng.choice(_WORKS),
        "city": rng.choice(CITIES),
        "person": rng.choice(PEOPLE),
        "big": str(rng.randint(50, 9999)),
    }
    asked = question(rng, rng.choice(_ASKED), **slots).replace(" .", ".").replace(" ?", "?")
    return Exchange(asked, _ANSWER)
