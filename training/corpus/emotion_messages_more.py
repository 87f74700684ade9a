# ruff: noqa: E501 - one message per line is easier to read than wrapped ones
"""More messages with the emotion each shows: short lines of many words, for breadth."""

from __future__ import annotations

# One message per line; braces are choices, see `wording.expand`.
_LINES = {
    "happy": """
{I|We|She|My friend} {just|finally|} {won|got|received|found} {a prize|a holiday|a big gift|the first place|a free meal|ten dollars|a golden ring|a letter from my friend|a lovely surprise}{! This is wonderful!|! I am so happy!|, what a great day!|, best day ever!|!}
{It|This|That} {was|is} {the best|such a wonderful|the happiest|a really happy|such a happy|a truly wonderful} {day|party|week|moment|birthday|weekend|summer} {ever|of the year|of my life|with my friends|with all of you|for me}{!|.}
{We|I|They} {laughed|danced|sang|smiled|giggled} {so much|all day|all night|together|a lot} {at the picnic|with my friends|at the party|today|in the garden|, what a wonderful time|, it was lovely}{!|.}
I {just|finally|actually} got {promoted|hired|the job|accepted|a bonus|engaged|my degree|the part}!
{Best|The best|Greatest} {day|news|weekend|birthday|gift|holiday|week} {ever|of my life|in years}!
{My|Our} {baby|daughter|son|puppy|kitten} {smiled|laughed|said mama|took the first steps} {today|for the first time} and I am over the moon!
I woke up {with a smile|happy|in such a good mood|singing}, {what a lovely morning|life is good|everything is great}.
{Everyone|Everybody|My whole family|All my friends} came to {my party|visit me|my wedding|celebrate with me} and we {laughed|danced|sang|had so much fun}!
{The doctor says I am healthy again|We are having a baby|She said yes|I am finally free|I got top marks} and I {could dance|am overjoyed|am delighted|can't stop smiling}!
I am {delighted|overjoyed|thrilled to bits|on cloud nine|over the moon|full of joy|so cheerful|very pleased}{!|.}
{Ice cream|Sunshine|Good friends|Music|Chocolate|The beach} and {sunshine|good friends|laughter|my family}, {what more could I want|I love this life|pure joy|perfect}!
{What a|Such a} {beautiful|wonderful|lovely|perfect|great|fantastic|glorious} {day|evening|morning|party|trip|surprise gift}, I {loved|enjoyed} {it|every second}{!|.}
{Finally|At last} {holidays|the weekend|summer|spring|Friday}! {Life is good|I feel great|I am so glad|So happy}!
""",
    "sad": """
My {cat|dog|pet|goldfish|parrot|rabbit} {died|passed away|was run over|had to be put to sleep} {yesterday|last week|this morning|today} {and I miss him so much|and the house is so empty|.|and I keep crying}
{I|We} {lost|buried} {the baby|our home in the fire|my brother|our son|my best friend|my grandmother|all our photos}{.|, and it hurts so much.|, I can't stop crying.}
{The old man|The widow|The child|She|He} {sat crying at the grave|wept for hours|cried all night|lost everything}.
I {feel|am} {miserable|heartbroken|depressed|down|gloomy|devastated|low|so unhappy|full of sorrow}{.|| since the funeral.| today.}
{Our|My} {marriage|relationship|friendship} is over and I {cry|weep|am heartbroken|feel empty}{.| every night.}
{I|We} had to say goodbye {forever|to our old dog|to my best friend|to grandma} {today|}{.|, tears everywhere.}
{They|The doctors} {could not save him|said she will not wake up again|told us there is nothing they can do}. {I am broken|It hurts so much|I can't stop crying|My heart aches}.
{It hurts|My heart aches|I weep|Tears come} {every time I think of her|when I see his empty chair|because she is gone forever}.
{I failed|She failed} {the exam|everything|again} and {cried|I cried|I feel worthless|I could weep}{.| all day.}
{It rains|The rain falls} and {I cry|I miss her|my heart is heavy|I think of those I lost}.
""",
    "angry": """
{Get out of|Stay out of|Leave} my {room|house|office|garden} {right now|this instant|immediately}!
{Who|Which idiot} {ate my lunch|broke my window|parked on my spot|deleted my files|stole my wallet}? I {am furious|will explode|am so mad|hate this}!
{I hate|I can't stand|I despise} {you|liars|that man|this company|him|her|people who cheat|it when you lie}!
{Stop|Quit} {shouting at me|ignoring me|blaming me|cheating|lying|wasting my time|interrupting me}{!|, I have had enough!|, you make me so mad!}
{They|He|She|The airline|The bank|My landlord} {stole my money|cheated on me|refused to pay me|threw me out|lost my luggage|blamed me for everything} and {I am furious|I am raging|I will sue them|it makes my blood boil}!
I am {furious|enraged|livid|outraged|irate|raging mad|so annoyed|fed up}{!| with you!| right now!}
{This|That} is {outrageous|a scandal|an insult|so unfair|not acceptable|a rip-off}, {I demand an apology|I want to see the manager|how dare they|I am so mad}!
{You never|Why do you never|You always refuse to} {listen|clean up|keep your word|tell the truth}! {I am sick of it|I have had enough|It drives me mad|I'm so angry}!
{He|She} {hit|kicked|insulted|pushed|bullied} {my child|my little sister|me|my dog}! {I will not let that pass|How dare they|I am so mad|That makes my blood boil}!
{Damn it|Argh|Grr}! {The computer crashed again|It broke again|They did it again|I told you not to do that}!
""",
    "scared": """
{There's|There is} {a noise|someone|something|a stranger|a wolf|a shadow} {in the basement|upstairs|in the attic|outside|behind the curtain} and I'm {alone|all alone|shaking|hiding|home alone}{.|!}
{I am|I'm} {terrified|petrified|frightened|scared to death|so afraid|trembling|panicking}{.|!| of heights.| of flying.| of the dentist.| of snakes.| of the water.}
{Someone|A man|A stranger} {broke in|is at my door with a knife|follows me in the dark|stares through my window}{!|, call the police!|, help me!|, I'm so afraid!}
{The plane|The boat|The elevator|The bridge} {is shaking|is falling|is going down|stopped in the dark} and {I think we will die|people are screaming|I am terrified|I can't breathe}!
{Don't|Do not} {turn off the light|go in there|leave me alone in the dark|open that door|move}, {it will get us|I am afraid|there is something inside|I heard it again}!
{A bear|A tiger|A shark|A huge dog|A snake|A crocodile} {is running at us|is right in front of me|is coming closer|is in the tent}{!|, run!|, I can't move!|, help!}
{The storm|The earthquake|The thunder|The explosion} {was so loud|shook the house|came closer} that I {hid under the bed|screamed|was trembling|feared for my life}{.|!}
{I can't sleep|I lie awake}, {the ghosts|the monsters|those voices|the dark} {are back|frighten me|scare me so much}{.|!}
{My heart|My whole body} is {racing|pounding|shaking} {with fear|, I hear footsteps|, he is coming|because of that noise}{.|!}
""",
    "surprised": """
{I|We|She} {never|didn't|did not} {expected|expect|see} {that|this|it coming|such an ending|you to be here}{!|, wow!|, what a surprise!}
{Oh wow|Wow|Whoa|Good heavens|Oh my|My goodness}, {look at that|a surprise party|is that for me|you came|what just happened|I had no idea|I did not know that}!
{What a|Such a} {surprise|shock|twist|turn}{!|, I didn't see that coming!|, nobody expected it!|, who would have guessed!}
{Suddenly|Out of the blue|Just like that}, {a stranger gave me a car|the king walked in|my brother came home after ten years|it started to snow in July}{!|. I was speechless!|, I couldn't believe it!}
{No way|You're kidding|Unbelievable|Really}! {He is your twin|You won|They got married in secret|It was him all along|It snowed in summer}{!|?}
I {am|was} {stunned|speechless|amazed|astonished|shocked|taken aback|totally surprised}{!|, I didn't expect it!|. How is that possible?|, who would have thought!}
{I opened|She opened|We opened} {the box|the door|the letter|the envelope} and {could not believe my eyes|nearly fell over|there was a live parrot|gasped, it was a million dollars}!
""",
    "calm": """
{The lake|The sea|The forest|The night|The house} is {still|quiet|silent|peaceful} and {so am I|I breathe slowly|I feel at ease|my mind is clear}.
{I|We} {sip|drink} {tea|hot milk} and {watch the sunset|listen to soft rain|read quietly|look at the quiet lake}{.|, no worries at all.|, everything is peaceful.}
I {feel|am} {relaxed|at ease|peaceful|serene|balanced|at peace|very calm}{.| and rested.| after the massage.| by the sea.}
{Slowly|Gently|Quietly} {the waves come and go|the snow falls|the clouds drift by|the river flows}{.|, and I rest.|, and all is well.}
{Just|Simply} {breathe|relax|rest|let go}{.|, there is no hurry.|, everything will be all right.|, we have all the time in the world.}
{A walk|An hour} {in the forest|by the sea|in the garden} {quiets my mind|relaxes me|brings me peace}.
""",
    "excited": """
{I can't|I cannot|We can't|I can hardly} wait {for|until} {the concert|Christmas|our trip|my birthday|tomorrow|the game|summer camp|the big show|the launch}!
{Tomorrow|Tonight|Next week|This weekend|In three days} {we leave for|I fly to|I'm going to} {Disneyland|Hawaii|Paris|the mountains|the festival|New York|the amusement park}{! I'm so excited!|!!! Can't wait!|, I can't sleep!|! Woohoo!}
{I'm|I am|We are} {so excited|super excited|thrilled|pumped|hyped|counting the days}{!|!!| for the new season!| to meet the band!| to start my new job!}
{The countdown|The show|The race|The match} {is on|starts soon|begins in ten minutes|is about to begin}{! So exciting!|! Let's go!|, I'm hyped!|! I can't wait!}
{Guess what|Oh my gosh}! {We're going to see the ocean|I get to ride a horse tomorrow|My favourite band comes to town|We are getting a puppy tomorrow}! {I can't wait|So exciting|I'm counting the hours}!
""",
    "bored": """
{I|We} have {nothing to do|absolutely nothing to do|no idea what to do|been sitting here for hours} {all day|again|and it is so dull|this afternoon|}{.|}
{Another|One more|Yet another} {dull|boring|endless|tedious} {meeting|lecture|Sunday|speech|afternoon|lesson}{.|...|, I nearly fell asleep.|, when is it over?}
{Is it over yet|When does this end|How much longer}? {This is so dull|I'm so bored|Nothing happens|It drags on and on}{.|}
{Watching paint dry|Staring at the ceiling|Counting sheep|Waiting in line} {would be more fun|is all I do|for three hours} {, so dull|...|, nothing to do}{.|}
{The same|Always the same} {old story|routine|thing} {every day|day after day|again and again}{, so monotonous|, so dull|, yawn|, nothing new}.
{Yawn|Meh|Ho hum|Zzz}{...|,|.} {this show is so slow|nothing on TV|what a dull day|the talk goes on forever|nothing ever happens}.
""",
    "curious": """
{How do|Why do|How can} {volcanoes erupt|birds find their way|planes fly|stars shine|magnets work|cats purr|computers think}? {I'd love to know|I want to find out|Tell me more|I'm curious}{.|!|}
{I wonder|I'd like to know|I want to know|I'm wondering} {what|how|why} {is|it is} {inside that cave|under the ice|behind the wall|made of|like that|like on Mars|in that chest}{.|?}
{What's|What is} {in the box|this machine for|behind the curtain|that strange light|the secret}? {Can I look|Show me|Let me see|I want to know|I'm so curious}{!|?|.}
{Tell me more|I want to hear more|I'd love to learn more} about {dinosaurs|your travels|this invention|how you made it|the old castle|that planet}{.|!|, it is fascinating!|, I have so many questions!}
{So many questions|I have a hundred questions}: {how does it work|who built it|where does it come from|what happens inside}{?|, and why?}
{Let's|Let us} {find out|explore|look inside|investigate|see} {what this button does|where the tunnel goes|what is in there|how it works}{!|.}
""",
    "disgusted": """
{This|That|The} {food|meat|fish|cheese|egg|sandwich} is {rotten|mouldy|slimy|full of maggots|disgusting|revolting|off} {and stinks|, yuck|, I feel sick|, gross}{!|.}
{Yuck|Eww|Ew|Ugh|Blech}{!|,|...} {worms|slime|a rat|dirty toilets|rotten eggs|a hairy soup|snot|vomit on the floor|old socks in the sink|that smell}{!|, gross!|, so disgusting!}
{He|She|They|The man} {spat on the floor|never washes|picked his nose and ate it|licked the plate like a pig|threw up on the bus}{, gross!|, how disgusting!|. Yuck!|, it made me sick.}
{It|The room|The garbage|The sewer|The cellar} {smells|smelled|stinks} {awful|terrible|of rotten fish|like vomit|so bad that I feel sick}{.|!|, yuck!}
{I feel sick|I almost threw up|I want to vomit|My stomach turns} {when I see that|from the smell|looking at those worms|at the sight of mould}{.|!}
{That is|How|So} {gross|nasty|revolting|repulsive|vile|disgusting}{!|, take it away!|, I can't look!}
""",
    "neutral": """
{The|My} {train|bus|plane|class|shift} {leaves|arrives|starts|ends} at {six|seven|noon|half past eight|ten thirty}.
{The package|The letter|The report|The invoice} {arrives|comes|was sent|is due} on {Monday|Tuesday|Friday|the second of June}.
{The capital of France is Paris|Two plus two is four|The store closes at eight|A week has seven days|The wall is grey|The chair has four legs}.
{I|He|She|We} {put the keys on the table|bought bread and milk|went to the office|took the bus|read the manual|changed the settings|washed the dishes|opened the window}.
{Please|You may} {send me the document|close the door|find the file attached|take a number|use the stairs|enter your name}.
{The meeting|The call|The appointment} {was moved to|is on|takes place on} {Thursday|Wednesday|Monday} {at two|at nine|in room four|}.
{It is|There are} {ten degrees|cloudy|twelve eggs in the box|three pages|eleven o'clock|20 people in the team}{ here|}.
""",
    "love": """
I {love|adore|cherish} {you|you so much|you with all my heart|my wife|my husband|my sweet daughter|him more than words can say|her deeply}{.|!|, my darling.| forever.}
{You|She|He} {mean|means} {everything|the world} to me{.|!|, my love.|, darling.}
{My darling|Sweetheart|My dear|Honey|My love}, {I love you|I think of you day and night|you are my everything|I can't live without you|kiss me}{.|!}
{Holding|Kissing|Hugging} {you|her|him} {is all I want|makes my heart melt|feels like heaven}{.|, my love.|!}
{We are|They are} {so in love|deeply in love|a couple in love|head over heels in love}{.|!}
{I fell|I am falling|He fell} in love {with you|with her smile|at first sight|all over again}{.|!}
""",
    "proud": """
{My|Our} {son|daughter|team|student|class|little girl} {graduated|won|scored the winning goal|got into university|learned to swim|won the prize} {and I am so proud|, I'm bursting with pride|, we are so proud|, what an achievement}{.|!}
I {built|made|wrote|painted|sewed|finished|achieved|earned} {it|this|all of it|the whole house|the whole thing} {myself|all by myself|on my own|with my own hands}{!|, and I am proud of it!|, look!|, what an achievement!}
{I am|I'm|We are} {proud|so proud|very proud} {of you|of what you did|of our work|to be your father|of my country|of this team|that I never gave up}{.|!}
{After years of hard work|After all that training|Against all odds} I {finally did it|won the medal|finished the marathon|reached the top|got my diploma}{!|, what an achievement!|, and I earned it!}
{Look at|See|Admire} {my trophy|my work|my garden|what I achieved|what I have built}{!|, I did that!|, all mine!|, I earned it!}
""",
    "confused": """
{I|We} {don't|do not|can't} {understand|get|follow|make sense of} {this|it|what you mean|the question|the map|these rules|the manual|a word of it}{.|!|, can you explain?|, what does it mean?|at all.}
{Wait|Huh|Hmm|Sorry}, {what|which one|who is who|what do you mean|what is happening|where am I|how come}? {I'm lost|That makes no sense|I don't get it|This is confusing}{.|}
{This|It|That} {makes no sense|is so confusing|does not add up|doesn't make sense|is a riddle to me}{.|!|, I am lost.|, please explain again.}
{Am I|Should I go|Is it} {left or right|wrong or right|today or tomorrow|supposed to press this or that}? {I don't know anymore|I'm mixed up|I'm so confused|I'm puzzled}{.|}
I {am|feel} {puzzled|baffled|bewildered|mixed up|lost|perplexed}{.|, nothing fits together.|, what is going on?| by her answer.}
""",
    "tired": """
{I'm|I am} {exhausted|worn out|sleepy|drained|dead tired|so tired|beat|weary}{.|, I need a bed.|, good night.| after work.|, I can't keep my eyes open.}
{I need|I want|All I want is|Give me} {sleep|a nap|my bed|to lie down|some rest|a pillow}{.|, what a long day.|, I was up all night.|, I'm so sleepy.}
{I've been|I have been} {up all night|awake since four|working double shifts|on my feet all day|driving for twelve hours}{.|, I can hardly stand.|, I need sleep.|, my eyes are falling shut.}
{I can|I could} {barely|hardly} {keep my eyes open|stay awake|stand on my feet|move my legs}{.|, I need to sleep.|, so sleepy.}
{After|All} {the night shift|the long drive|this week|the marathon of meetings} I {just want to sleep|fell asleep on the sofa|have no energy left|collapsed into bed}.
""",
}


def more_messages(feeling: str) -> tuple[str, ...]:
    """Return further patterns of messages that show `feeling`, none for the rarer feelings."""
    return tuple(line for line in _LINES.get(feeling, "").split("\n") if line)
