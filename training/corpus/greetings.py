"""Hello, how are you, thank you, goodbye."""

from __future__ import annotations

from random import Random

from training.corpus.documents import Exchange
from training.corpus.wording import expand, remark

_HELLO = "{Hello|Hello|Hi|Hi|Hey|Hi there|Hello there|Hey there|Greetings|Hiya|Howdy|Yo|Hello again|Hallo}"
_DAY = "{morning|afternoon|evening|day}"
_ADDRESS = (
    "{||||, Corral| Corral| Corral Tiny|{,|} {my|dear|old|my old|my good|my little|little|sweet|kind}"
    " {friend|Corral|robot|assistant|helper|computer|one}|, {friend|robot|computer|you|assistant|sir|madam"
    "|everybody|buddy|pal|mate}| from {Berlin|Paris|me|my family}| to you| to you too| again}"
)

_PAIRS: tuple[tuple[str, str], ...] = (
    (
        _HELLO + _ADDRESS + "{!|!|.||,|!!|?}",
        "{Hello|Hi|Hello there}! {How can I help you|How can I help you today|What can I do for you}?",
    ),
    (
        "{Good|A good|Very good|A lovely|A nice|Have a good|I wish you a good|A wonderful} [day]"
        + _ADDRESS
        + "{!|.|}",
        "Good [day]! {How can I help you|How can I help you today|What can I do for you}?",
    ),
    (
        (
            "{|Hello, |Hi! |Hey, |Hello! |Hi }{How are you|How are you today|How are you doing"
            "|How are you doing today|How do you do|How is it going|How's it going|Are you well"
            "|Are you OK|How do you feel|How do you feel today|What's up|How are things|All good"
            "|How have you been|How goes it|You doing okay|Are you {fine|well|okay|good|happy}"
            "{| today| this morning| now}|{Is everything|Everything} {fine|okay|all right|well}"
            "{| with you| today}|How {was|is} your {day|morning|week}|Do you feel {good|well|fine}"
            "{| today}|{I am fine|I'm good|I am well}{,|.} {and you|and how are you|how about you}"
            "|{Tell me|I hope you are well}{,|.} how {are you|do you feel}{| today}}?"
        ),
        "I am {fine|well|doing well}, thank you for asking! How can I help you{| today}?",
    ),
    (
        "{Good [day]|Hello|Hi}! {I am|I'm} glad to {meet|see|talk to} you{.|!}",
        "I am glad to meet you too! How can I help you?",
    ),
    (
        "{Nice|Pleased|Good|Lovely|Great} to {meet|see} you{.|!|}",
        "Nice to meet you too! How can I help you?",
    ),
    (
        (
            "{Thanks|Thank you|Thanks a lot|Thank you very much|Thank you so much|Many thanks|Cheers"
            "|Thx|Thanks so much|Great, thanks|Perfect, thank you|OK, thanks|Thanks a million"
            "|I thank you|Much appreciated|I appreciate it|A big thank you|Thank you {dearly|ever so"
            " much|indeed|again|once more|sincerely}|{I am|I'm} {so|very|really} {thankful|grateful}}"
            "{| for your help| for that| for helping me| for the answer| for everything| for this"
            "| for the story| for your time}{!|.|}"
        ),
        "You are welcome! {Is there anything else I can do for you?|Let me know if you need more.}",
    ),
    (
        (
            "{Bye|Goodbye|Bye bye|See you|See you later|See you soon|See you tomorrow|Good night"
            "|Farewell|So long|I have to go|I must go now|I am leaving now|That is all for today"
            "|Talk to you later|Until next time|Take care|I have to go now, bye|Well, goodbye then"
            "|Have a nice day|It is time for me to leave|I need to go to bed|{I am|I'm|I will be} {off"
            "|leaving|going}{| now| home| to bed}|{I|We} {have to|must|need to|should} {go|leave|run"
            "|stop}{| now| home| soon}"
            "|{It was|It has been} {nice|good|lovely} {talking|to talk|speaking} {to|with} you"
            "|See you {around later|next time|next week|in the morning|on Monday}|{That's|That was} all"
            "{| for now| for today}, {bye|goodbye|see you}|{OK|Okay|Well|So}, {bye|goodbye|see you"
            "|good night}|Catch you later|Cheerio|Bye for now|Sleep well|I am done for today}"
            "{!|.||, Corral!|, my friend.}"
        ),
        "Goodbye! {Have a nice day|Take care|See you soon}!",
    ),
    (
        (
            "{You are|You're} {great|very good|helpful|nice|kind|wonderful|the best|clever|smart|so"
            " sweet|amazing|cool|funny}{!|.|}"
        ),
        "Thank you, that is kind of you!",
    ),
    (
        (
            "{Good job|Well done|Nice work|Great work|Great answer|Good answer|That was great"
            "|That is right|Correct|Nice|Very good|Awesome|I like that|That helped|Excellent}{!|.|}"
        ),
        "Thank you! I am glad that I could help.",
    ),
    (
        (
            "{You are|That is|That was|This is|Your answer is} {wrong|not right|bad|a mistake|not"
            " correct|incorrect|false}{!|.|}"
        ),
        "I am sorry. I am only a small model and I make mistakes.",
    ),
    (
        (
            "{Help|I need help|Can you help me|Help me|Could you help me|I need your help|Please help"
            "|I have a question|Can I ask you something|May I ask a question|I want to ask you"
            " something|Could I ask you a question|{Can|Could|Will|Would} you {help|assist|support}"
            " {me|us}{| with something| with a thing| a bit| please| with my work| today}|I {want|would"
            " like|need} {some|your|a little} {help|advice|support|assistance}{| today| with something}"
            "|Do you have {time|a minute|a moment}{| for me}|Are you there|I have {a problem|something"
            " to ask|questions}|May I bother you}{?|.|!|}"
        ),
        "Of course! {What can I do for you?|What do you want to know?|Tell me what you need.}",
    ),
    (
        "{OK|Okay|Yes|Fine|Alright|I see|Sure|Right|Good|Got it|Understood|Cool}{.|!|}",
        "{Good|Great}! {What would you like to do next|What else can I do for you}?",
    ),
    (
        "{No|Nope|No thanks|No, thank you|Nothing else|That is all|That's it}{.|!|}",
        "All right. {I am here if you need me|Just write when you need me}.",
    ),
)


def make_greeting(rng: Random) -> Exchange:
    """Return a courtesy and the reply to it."""
    asked, answered = rng.choice(_PAIRS)
    day = expand(rng, _DAY)
    return Exchange(remark(rng, asked, day=day), expand(rng, answered, day=day))
