"""Messages and the emotion each of them shows."""

from __future__ import annotations

# The first word of each row is the feeling; all of them may be its name in a list.
FEELINGS: dict[str, tuple[str, ...]] = {
    "happy": ("happy", "happiness", "joy", "joyful", "glad", "cheerful"),
    "sad": ("sad", "sadness", "unhappy", "grief", "sorrow"),
    "angry": ("angry", "anger", "annoyed", "annoyance", "furious", "mad"),
    "scared": ("scared", "fear", "afraid", "frightened", "fearful", "terrified"),
    "surprised": ("surprised", "surprise", "astonished", "amazed"),
    "calm": ("calm", "relaxed", "peaceful", "serene"),
    "excited": ("excited", "excitement", "thrilled"),
    "bored": ("bored", "boredom"),
    "curious": ("curious", "curiosity", "interested"),
    "disgusted": ("disgusted", "disgust"),
    "neutral": ("neutral",),
    "love": ("love", "loving", "affection", "caring"),
    "proud": ("proud", "pride"),
    "confused": ("confused", "confusion"),
    "tired": ("tired", "sleepy", "exhausted"),
    "lonely": ("lonely", "loneliness"),
    "embarrassed": ("embarrassed", "embarrassment", "ashamed"),
    "grateful": ("grateful", "gratitude", "thankful"),
    "nervous": ("nervous", "nervousness", "worried", "anxious"),
    "disappointed": ("disappointed", "disappointment"),
    "jealous": ("jealous", "envy", "jealousy"),
    "amused": ("amused", "amusement"),
    "hopeful": ("hopeful", "hope", "optimism"),
    "relieved": ("relieved", "relief"),
    "guilty": ("guilty", "remorse", "guilt"),
}

# What is closest when the list has no name for the feeling itself.
NEAREST: dict[str, tuple[str, ...]] = {
    "excited": ("happy",),
    "proud": ("happy",),
    "grateful": ("happy", "love"),
    "amused": ("happy",),
    "hopeful": ("happy", "excited"),
    "relieved": ("happy", "calm"),
    "love": ("happy",),
    "lonely": ("sad",),
    "disappointed": ("sad",),
    "guilty": ("sad",),
    "nervous": ("scared",),
    "jealous": ("angry",),
}

_WHO = "{my|our|his|her}"
_LOVED = (
    "{dog|cat|grandmother|grandfather|best friend|father|mother|hamster|brother|sister|uncle|aunt"
    "|old friend|horse|rabbit|grandma|grandpa}"
)

# Patterns for `wording.expand`.
MESSAGES: dict[str, tuple[str, ...]] = {
    "happy": (
        (
            "{I am so happy|I'm really happy|I feel great|I feel wonderful|I feel so good|I am glad"
            "|I'm in a good mood|I am very cheerful|I'm smiling all day} {today|right now|!|this"
            " morning|about it}"
        ),
        (
            "{This is|It was|Today was|What} {a wonderful|a great|a lovely|the best|a beautiful|a"
            " perfect|a fantastic} day{!|!!| of my life!}"
        ),
        (
            "{I got|We got|She got|I received} {a present|good news|a new puppy|flowers|a nice letter|a"
            " new bike|the job|a raise|a kitten|a lovely gift} {today|from my friend|and I cannot stop"
            " smiling|for my birthday}{!|.}"
        ),
        (
            "{The sun is shining|The birds are singing|My friends are here|Everybody is laughing|The"
            " party is great|The weather is lovely} and {I feel great|life is good|I love it|I am"
            " smiling|everything is perfect|I could sing}{!|.}"
        ),
        (
            "{Yay|Hooray|Yippee|Woohoo|Hurray}! {We did it|I passed|It worked|I got it|We won|She said"
            " yes|It is my birthday|School is over|I passed my exam|We won the game}!"
        ),
        (
            "{I passed {the|my} {exam|test|driving test}|We won the {match|game}|My team won|I won"
            " first prize|I won the lottery|I found my lost {dog|cat|ring|wallet}|The baby is born}"
            "{!|! I am so glad!|! This is great!|. I am so happy!}"
        ),
        (
            "{Haha, this makes me so happy|That is wonderful news|That is great news|What great news"
            "|I'm so glad to hear that|How wonderful|That makes me really happy|I love this day}!"
        ),
        (
            "*{smiles|smiles brightly|grins|beams|smiles happily|jumps for joy|dances around}* {It is"
            " so good to see you|I had such a good day|Everything is fine|Hello there|That is lovely}!"
        ),
        (
            "{We had so much fun|I had so much fun|That was so much fun|I enjoyed every minute} {at the"
            " party|at the beach|with my friends|in the park|at the zoo|on our trip|today}{!|.}"
        ),
        (
            "{Everything went well|Everything is going well|Life is beautiful|I am having a great"
            " time|I am having fun|My dream came true|All my wishes came true}{!|.}"
        ),
    ),
    "sad": (
        (
            "[who] [loved] {died|passed away|is gone|is dead|has died|left us} {last night|today|this"
            " morning|yesterday|last week|.|and I cannot stop crying}"
        ),
        (
            "{I am so sad|I feel so sad|I'm very sad|I feel down|I feel blue|I feel terrible|My heart is"
            " broken|I am heartbroken|I feel empty|I am in tears} {today|right now|.|since she left|"
            "without you|about it}"
        ),
        (
            "{I cannot stop crying|I cried all night|I have been crying all day|I started to cry|Tears"
            " are running down my face|I want to cry|I cry every night}{.|| since he left.| because of"
            " it.| over this.}"
        ),
        (
            "{She|He|My girlfriend|My boyfriend|My wife|My husband} {left me|broke up with me|does not"
            " love me anymore|said goodbye forever|broke my heart|wants a divorce|moved away}{.|"
            " yesterday.| and I cry every night.|...}"
        ),
        (
            "{I lost|We lost|They lost} {[who] [loved]|my job|everything|the house|my favourite toy|the"
            " only photo of my mother|my best friend}{.|...| and I am crying.| and it hurts.}"
        ),
        (
            "I {miss|miss so much|really miss} {my mother|my father|my old home|my dog|my friend who"
            " died|him|her|you|my family|the old days}{.| so much.|...| and it hurts.}"
        ),
        (
            "*{cries|sobs|weeps|sniffs|wipes away a tear|cries softly|bursts into tears}* {It is all"
            " over|He is gone|I lost her|Why did it happen|She never came back|It hurts so much}{.|...}"
        ),
        (
            "{Nothing makes me smile anymore|Everything feels hopeless|There is no joy in my life|I"
            " just want to cry in my bed|I feel so unhappy|What a sad day|This is a sad story|The"
            " funeral was today|We buried {him|her|our dog|our cat} today}{.|}"
        ),
        (
            "{I'm so sorry for your loss|I am sorry to hear that|That is so sad|What sad news|This is"
            " heartbreaking|It breaks my heart}{.|...|, he was a good man.}"
        ),
    ),
    "angry": (
        (
            "{I am so angry|I'm furious|I am really mad|I'm so mad|This makes me so angry|I am boiling"
            " with rage|I hate this|I'm fed up|I have had enough|I am outraged} {at you|right now|!|"
            " with him|about this|with her}"
        ),
        (
            "{How dare you|How dare they|How could you do that|Get out of my house|Leave me alone|Stop"
            " it right now|Shut up|Get out|Go away|Give it back|Stop lying to me|Don't touch my things}"
            "{!|!!| and never come back!}"
        ),
        (
            "{He|She|My brother|My sister|My neighbour|Somebody|That idiot|My boss} {broke|stole"
            "|destroyed|ruined|scratched|smashed|took} {my car|my phone|my bike|my work|my toy|my"
            " laptop|my money|my things|my favourite cup} {on purpose|again|and lied about it|and I am"
            " furious|and did not even say sorry}{!|.}"
        ),
        (
            "{You|They|He|She} {lied to me|cheated me|betrayed me|always ignores me|yelled at me|insulted"
            " me|keeps lying|broke the promise again|never listens} {again|and I hate it|!|for the last"
            " time}!"
        ),
        (
            "{This is outrageous|This is unfair|That is not fair|This is unacceptable|I want my money"
            " back|This service is terrible|What a rude man|I will never forgive you|I could scream|You"
            " make me sick with rage}{!|!!}"
        ),
        (
            "*{slams the door|shouts|yells|clenches fists|stomps|growls|glares|slams his fist on the"
            " table|throws the plate}* {I said no|Enough|I hate you|Get lost|This is your fault|Never do"
            " that again}!"
        ),
        (
            "{The neighbours|These people|They|The kids next door|Those drivers} {are so loud again|keep"
            " making noise at night|never say sorry|parked in front of my door again|cut in line|woke me"
            " up again} {and I am sick of it|and it makes me mad|!|and I am really annoyed}!"
        ),
        (
            "{My flight was cancelled|The shop cheated me|They charged me twice|The delivery is late"
            " again|My boss blamed me for his mistake|I was treated so badly} {and nobody apologized|and"
            " nobody cares|and I am really mad|and I want to complain}!"
        ),
    ),
    "scared": (
        (
            "{I am scared|I'm so scared|I am afraid|I am terrified|I'm frightened|I feel so much fear|I"
            " am shaking with fear|I am very afraid} {of the dark|of spiders|of that dog|to go home"
            " alone|!|of the storm|of what is in there|right now|to go in there}"
        ),
        (
            "{There is|I heard|I saw|I think there is} {a monster|a strange noise|somebody|a ghost|a"
            " stranger|a huge spider|something|a snake|a burglar|a shadow|footsteps} {under my bed|in the"
            " house|behind me|in the dark|at the window|in the basement|outside my door|following me}"
            "{!|...| and I am shaking!| and I dare not move.}"
        ),
        (
            "{Help|Help me|Please help|Run|Oh no|Watch out}! {There is a fire|It is coming closer|A"
            " bear is chasing me|Somebody is breaking in|He has a knife|They are coming|It is behind you"
            "|The ship is sinking|I cannot swim|A monster}!"
        ),
        (
            "*{trembles|shivers with fear|hides under the bed|screams|screams in terror|backs away"
            "|hides behind you}* {Please do not hurt me|What was that noise|Don't let it get me|It is"
            " coming|I want to go home|Is it gone}{!|...|?}"
        ),
        (
            "{I had a nightmare|I had a terrible nightmare|The dark frightens me|The thunder frightens"
            " me|My hands are shaking|I am too afraid to sleep|My heart is pounding with fear|I dare not"
            " open the door|I don't want to die|I can't go in there, it is too dark}{!|.|...}"
        ),
        (
            "{Somebody|A man|A stranger|Someone|A wolf} {is following me|followed me home|is in the house"
            "|is standing outside my window|knocked at midnight|is chasing us}{!|...| and I am alone!|,"
            " I am so frightened.}"
        ),
        (
            "{That horror movie|That film|The haunted house|The big dog|The thunderstorm|The earthquake}"
            " {frightened me|scared me to death|made me scream|terrified me|gave me nightmares}{.|!}"
        ),
    ),
    "surprised": (
        (
            "{Wow|Oh|Oh my|What|Whoa|Oh my goodness|No way|Really|Huh}{!|?!}"
            " {I did not expect that|I never expected this|I cannot believe it|That is unbelievable|I"
            " had no idea|You are here already|Where did you come from|I did not see that coming|That"
            " is incredible}!"
        ),
        (
            "{I am so surprised|I'm really surprised|What a surprise|I am shocked|That surprised me|I"
            " was not expecting that|I am speechless|I am stunned|This is so unexpected|That came out of"
            " nowhere} {!|that you came!|to see you here!|to hear that!}"
        ),
        (
            "{Suddenly|Out of nowhere|All at once} {he stood in front of me|she was back|a rabbit jumped"
            " out of the hat|everybody shouted|my old teacher called me|they all yelled surprise}"
            "{!|, I could not believe my eyes!}"
        ),
        (
            "*{gasps|eyes wide|jaw drops|blinks|stares with open mouth|raises eyebrows}* {You are back"
            "|Is that really you|How is that possible|I cannot believe it|You did what|Is this for me}"
            "{?!|!|?}"
        ),
        (
            "{I opened the door and|I came home and|I looked up and} {all my friends were there|there"
            " was an elephant|my brother was back from abroad|the room was full of people}{, I could not"
            " believe it|, what a surprise|, I did not expect that}!"
        ),
        (
            "{You did what|You are getting married|You won what|She said what|Are you serious|Is this"
            " real|How did you do that|How did that happen|Who would have thought that}?!"
        ),
        (
            "{I can't believe|I could not believe|Nobody expected} {that he won|what I saw|that she came"
            " back|my eyes|it is already over|how fast it was}{!|, wow!}"
        ),
    ),
    "calm": (
        (
            "{I am calm|I feel calm|I feel relaxed|I am at peace|I feel peaceful|I am relaxed|My mind is"
            " quiet|I feel so relaxed|I am very calm} {now|today|.|by the lake|after the walk|here}"
        ),
        (
            "{I am sitting|I sit|I am lying|We are sitting|I rest} {by the lake|on the beach|in the"
            " garden|under a tree|by the fire|in the grass} and {listen to the {birds|waves|wind|rain}"
            "|watch the clouds|breathe slowly|everything is quiet|enjoy the silence}{.|}"
        ),
        (
            "{Breathe in, breathe out|Take a deep breath|Everything is fine, take your time|There is no"
            " hurry|No stress|All is quiet|No need to rush|It is a quiet evening|The sea is still}{.|, all"
            " is well.|, just relax.}"
        ),
        (
            "{A quiet|A peaceful|A slow|A gentle} {evening|morning|afternoon|night} with {tea and a book"
            "|soft music|a warm bath|candles|my cat on my lap}{.|, no hurry at all.|, nothing to worry"
            " about.}"
        ),
        (
            "*{breathes slowly|closes eyes and breathes|sips tea quietly|sits quietly|meditates|leans"
            " back}* {All is well|There is no rush|It is so quiet here|Let us take it slowly|We have"
            " time}{.|}"
        ),
        (
            "{After yoga|After the bath|After meditation|In the forest|At the quiet lake} {I feel so"
            " relaxed|my mind is still|everything is peaceful|I breathe slowly|I am at ease}{.|}"
        ),
    ),
    "excited": (
        (
            "{I am so excited|I'm really excited|I can't wait|I cannot wait|I'm thrilled|I can hardly"
            " wait|I am so pumped|I'm looking forward to it so much} {for tomorrow|to see you|about the"
            " trip|!|to start|for the concert|for the party|about the new game|to go}{!|!!}"
        ),
        (
            "{Tomorrow|Next week|Tonight|In two days|On Saturday} {we fly to Japan|we go to the"
            " amusement park|is the concert|my vacation starts|the new game comes out|I meet my idol|we"
            " go on an adventure|is the big day}{! I can't wait!|, I can't wait!|! So exciting!|, I am"
            " counting the hours!}"
        ),
        (
            "{This is so exciting|How exciting|This is going to be amazing|Let's go, let's go|It is"
            " finally happening|The adventure begins|It starts in five minutes|Here we go}{!|!!}"
        ),
        (
            "*{jumps up and down|bounces|claps hands|runs in circles|can't sit still}* {Is it time yet"
            "|Let's go|We are going to the zoo|It starts soon|Tomorrow is the day|I can't wait}{!|?!}"
        ),
        (
            "{Only|Just} {one more day|two more days|three more hours|a few minutes} {until|to} {the"
            " concert|my birthday|the holidays|Christmas|the trip|the big game}{! I can't wait!|!|! I"
            " can't sleep!}"
        ),
        (
            "{I got tickets for|We have tickets to|I am going to} {the concert|the final|the show|the"
            " big match|the festival|the moon}{! I can't wait!|, so exciting!|!!}"
        ),
    ),
    "bored": (
        (
            "{I am bored|I'm so bored|I am bored to death|I feel bored|This is so boring|How boring"
            "|It is so dull|This is dull|I'm dying of boredom} {.|today|here|again|with this|in this"
            " meeting}"
        ),
        (
            "{There is nothing to do|I have nothing to do|Nothing happens here|Nothing ever happens here"
            "|Nothing is going on|There is nothing on TV|I have seen this film ten times|It is always the"
            " same}{.|...| all day.| in this town.}"
        ),
        (
            "{This meeting|This lecture|The film|The lesson|This book|The speech|This game|The class}"
            " {is so boring|never ends|goes on and on|is dull|is long and dull|makes me yawn|is so"
            " slow}{.|...|, when is it over?|, I keep looking at the clock.}"
        ),
        (
            "*{yawns|sighs|stares at the wall|looks at the clock|taps fingers|rolls eyes}* {Is it over"
            " yet|Nothing to do again|How long does this take|When does it end|The same thing every day"
            "|This is so dull}{?|.|...}"
        ),
        (
            "{I am staring at the wall|I keep looking at the clock|I have been waiting here for hours|The"
            " hours pass so slowly|I count the tiles on the floor} {with nothing to do|because it is so"
            " dull|.|and nothing happens}"
        ),
    ),
    "curious": (
        (
            "{I wonder|I am wondering} {how it works|what is inside|why the sky is blue|what is behind"
            " that door|how birds fly|what she is doing|who lives there|how that was made|what it"
            " means|where this road goes|what is in the box}{.|?}"
        ),
        (
            "{I am curious|I'm so curious|I want to know more|I'd love to know|I'm really interested|I am"
            " eager to learn} {how that works|about space|about your plan|what happens next|about it|.|"
            "about dinosaurs|about how it is made}"
        ),
        (
            "{How does that work|What is in that box|What is that|What is behind this door|Tell me more"
            "|What happens if I press this button|Can I look inside|How did they build it|Why do stars"
            " shine|What does this button do}? {I want to know|Tell me more|I'd like to find out|I"
            " wonder|That is interesting}{.|!|}"
        ),
        (
            "*{leans closer|tilts head|peeks inside|looks closely|examines the box}* {What is that|What"
            " is inside|How does it work|Where does it go|Can I see|Interesting, what does it do}?"
        ),
        (
            "{That is interesting|That sounds interesting|How interesting|Interesting|Fascinating}{!|.|,}"
            " {tell me more|can you explain it|how does it work|I want to learn more|what happens next}"
            "{.|?|}"
        ),
    ),
    "disgusted": (
        (
            "{Yuck|Ew|Eww|Ugh|Gross|Bah|Yikes, yuck}{!|,} {that is gross|this smells terrible|there is a"
            " fly in my soup|that is disgusting|it is rotten|there is mould on it|the milk is sour|he"
            " licked it|what a smell|it is full of worms|that tastes awful}{!|.}"
        ),
        (
            "{That is disgusting|This is so gross|How gross|It makes me sick|It makes me want to vomit"
            "|That is revolting|I feel sick looking at it|It turns my stomach|This is nasty}{!|.|, take it"
            " away!}"
        ),
        (
            "{The food|The toilet|The fridge|The kitchen|The meat|The soup|This milk|The sink|The trash}"
            " {was full of {bugs|worms|mould|slime|maggots}|smells rotten|smells disgusting|was covered"
            " in slime|made me sick|stinks|is rotten and green}{!|.|, yuck!|, so gross.}"
        ),
        (
            "{There is|There was|I found} {a hair|a cockroach|a dead fly|a worm|a rat|mould|vomit|a slug}"
            " {in my soup|in my food|in the kitchen|on my plate|in my shoe|on the bread|in the sink}"
            "{!|, yuck!|, so gross!|, it is disgusting.}"
        ),
        (
            "*{gags|wrinkles nose|holds nose|spits it out|turns away in disgust}* {What is that smell"
            "|Take it away|I will not eat that|That is foul|It is rotten}{!|?|.}"
        ),
    ),
    "neutral": (
        (
            "{The meeting|The train|The bus|The lesson|The shop|The film|The office} {is at|starts at"
            "|leaves at|opens at|closes at|begins at} {three|nine|noon|ten|four|half past five|eight}{.|"
            " on Monday.| today.| tomorrow.}"
        ),
        (
            "{The book is on the table|The table is made of wood|The door is closed|The house has two"
            " floors|The file is in the folder|The report has ten pages|The window is open|The car is"
            " parked outside|The key is in the drawer|Water boils at 100 degrees|The road is ten"
            " kilometres long|The cup is empty|The letter is on the desk|The box weighs two"
            " kilos}{.|}"
        ),
        (
            "{I will|We will|He will|She will|They will} {send the file|go to the shop|write an email"
            "|call the office|take the bus|bring the papers|buy milk|print the report} {on Monday|later"
            "|tomorrow|at five|in the afternoon}{.|}"
        ),
        (
            "{Today is|It is|Tomorrow is} {Monday|Tuesday|Wednesday|Thursday|Friday|the third of May|ten"
            " o'clock|the first of June}{.|}"
        ),
        (
            "{Please|You can|You should|Then} {sign here|fill in the form|turn left|save the file|read"
            " page two|use the second door|close the window|put it on the shelf}{.|}"
        ),
        (
            "{The shop sells bread and milk|My street has twelve houses|The number of the room is 12"
            "|There are five chairs in the room|The paper is white|He is a teacher in Berlin|The city has"
            " a train station|She works in an office}{.|}"
        ),
        "{OK|Okay|Fine|Noted|All right}{.|, I see.|, I will do that.|, the address is correct.}",
    ),
    "love": (
        (
            "I {love you|love you so much|love him|love her|adore you|am in love|am so in love|love my"
            " {wife|husband|family|children|girlfriend|boyfriend|baby|daughter|son}} {.|!|with all my"
            " heart|more than anything|forever|so much}"
        ),
        (
            "{You are|She is|He is} {the love of my life|my everything|my sunshine|my one true love|my"
            " darling|so dear to me|my sweetheart}{.|!|, my dear.}"
        ),
        (
            "{I want to|Let me|I could} {kiss you|hold your hand forever|hug you and never let go|spend"
            " my life with you|be with you forever|marry you}{.|!|, my love.|, darling.}"
        ),
        (
            "*{kisses you|hugs you tightly|holds your hand|blows a kiss|hugs her tenderly|cuddles up to"
            " you}* {My darling|I love you|You mean everything to me|You are so dear to me|Stay with me"
            " forever}{.|!|}"
        ),
        (
            "{My heart beats only for you|Will you marry me|I fell in love with {her|him} at first sight"
            "|Every day with you is a gift, my love|I think of you all the time, my darling|Kisses and"
            " hugs for my sweetheart|I give my heart to you}{.|!|?}"
        ),
    ),
    "proud": (
        (
            "{I am so proud|I'm proud|I am very proud|We are proud|I feel proud} {of you|of my daughter"
            "|of my son|of myself|of my work|of what we built|of our team|of my students|of my little"
            " brother|!}"
        ),
        (
            "{I did it all by myself|I built this with my own hands|I made this cake all on my own|I"
            " finished my first marathon|I finally finished my book|I earned my degree|I worked hard and"
            " reached my goal|I climbed the mountain on my own|I won the medal}{!|, look at it!|, and I"
            " did it alone!|. What an achievement!}"
        ),
        (
            "{Look at|See} {what I made|my medal|my trophy|what I built|my diploma|my painting}{! I made"
            " it myself!|, I did it all alone!|, I worked so hard for it!|! I earned it!}"
        ),
        (
            "{My son|My daughter|My student|My little sister|Our team} {won first prize|graduated with"
            " honours|got the best grade in class|won the science fair|played the piano in front of"
            " everyone|became a doctor}{, what an achievement|, I knew it all along|, that is my kid|,"
            " I always believed in them}!"
        ),
        (
            "*{stands tall|lifts chin|puffs out chest|shows the medal|holds up the trophy}* {I did it|I"
            " made it myself|That is my work|I earned this|I am the champion}{!|.}"
        ),
    ),
    "confused": (
        (
            "{I am confused|I'm so confused|I don't understand|I do not get it|I am lost|This makes no"
            " sense|I don't get it|I am puzzled|It makes no sense to me} {.|at all|!|by this map|with"
            " these rules|about this question}"
        ),
        (
            "{What do you mean|What does that mean|How can that be|What is going on here|Which one is"
            " it now|Wait, what|Huh|Did I miss something|Is it left or right}? {I don't understand|That"
            " makes no sense|I am lost|I don't get it|I cannot follow|Can you say that again}{.|}"
        ),
        (
            "{These instructions|The rules|His words|This map|The maths problem|The signs|This text} {make"
            " no sense|are so unclear|do not make sense to me|are too complicated for me|contradict each"
            " other|make my head spin}{.|!|, I am lost.|, I don't get it.}"
        ),
        (
            "*{scratches head|frowns|tilts head|looks lost|looks puzzled|stares blankly}* {I do not follow"
            "|What do you mean|Wait, which one|That makes no sense|Which is it now}{.|?|...}"
        ),
        (
            "{First he says yes, then he says no|One sign says left and the other says right|You said"
            " Monday and now you say Friday|Everyone tells me something different}{, I don't understand|."
            " What is it now?|. I don't get it.|, which one is it?}"
        ),
    ),
    "tired": (
        (
            "{I am tired|I'm so tired|I am exhausted|I'm sleepy|I feel so sleepy|I am worn out|I need"
            " sleep|I need a nap|I need to sleep|I can hardly keep my eyes open|I could sleep for a week}"
            " {.|today|after work|now|after this long day}"
        ),
        (
            "{I worked|I have been working|I was up|I stayed awake|I drove|I walked} {all night|for"
            " fourteen hours|until four in the morning|the whole day|since five in the morning|all day}"
            " {and I need my bed|and my eyes are closing|and I just want to sleep|without a break|and I"
            " have no energy left}{.|}"
        ),
        (
            "{I did not sleep|I barely slept|I have not slept|I slept two hours} {last night|at all|for"
            " two days|this week|because the baby cried}{.|, I need a nap.|, my eyes are closing.|, I have"
            " no energy.}"
        ),
        (
            "*{yawns and rubs eyes|falls asleep|rubs eyes|lies down|drops on the bed|nods off}* {I need my"
            " bed|So sleepy|Good night|What a long day|I can't stay awake|Let me sleep}{.|...|}"
        ),
        (
            "{What a long day|My legs are heavy|My eyes are closing|I have no energy left|My body aches"
            " from all the work}{.|, I need to rest.|, I want to go to bed.|, time to sleep.}"
        ),
    ),
    "lonely": (
        (
            "{I feel so lonely|I am lonely|I am all alone|I'm so alone|I have no friends|Nobody calls me"
            "|Nobody visits me|I have nobody to talk to|I eat alone every day|I sit alone at home}"
            " {.|here|in this big city|anymore|every evening|again tonight}"
        ),
        (
            "{Nobody|No one} {came to my birthday party|talks to me|wants to play with me|ever writes to"
            " me|would notice if I was gone|sits with me at lunch}{.|...|, I am always alone.|, I am all by"
            " myself.}"
        ),
        (
            "*{sits alone in the corner|looks at the empty chairs|stares at the silent phone}* {Nobody came"
            "|No one calls me|I wish I had a friend|I am always alone}{.|...}"
        ),
        (
            "{I wish|If only} {I had a friend|someone would call me|I had somebody to talk to|there was"
            " someone here with me|I was not alone}{.|...}"
        ),
    ),
    "embarrassed": (
        (
            "{I am so embarrassed|I'm embarrassed|How embarrassing|This is so embarrassing|I want to hide"
            "|My face is red|I could sink into the ground|I blushed|I feel so ashamed} {.|!|in front of"
            " everyone|because they all saw it}"
        ),
        (
            "{I tripped|I fell|My trousers ripped|I forgot my words|I called my teacher mum|I spilled"
            " soup on myself|I had food on my face|I sent the message to the wrong person|I sang the"
            " wrong song} {in front of everyone|in front of the whole class|and everybody stared at me|and"
            " everyone laughed at me|and my face turned red}{.|!}"
        ),
        (
            "*{blushes|hides face|turns red|covers face|looks away with red cheeks}* {Did everyone see"
            " that|Please do not look|Oh no, I said that out loud|I am so clumsy|Don't laugh at me}{.|!|?}"
        ),
    ),
    "grateful": (
        (
            "{Thank you so much|Thanks a lot|I am so grateful|I'm very thankful|I am deeply grateful|I"
            " thank you from the bottom of my heart|I really appreciate it|I cannot thank you enough}"
            " {for your help|for everything|for saving my life|for being there|for your kindness|for this"
            " gift|for helping me move|for your support}{!|.}"
        ),
        (
            "{You helped me so much|You saved my life|You were there when I needed you|Without you I could"
            " not have done it|You are so kind to me|The nurses were so good to me}{, thank you|, I will"
            " never forget it|. I am so thankful|, I owe you a lot}{!|.}"
        ),
        (
            "*{bows|shakes your hand|puts hand on heart}* {Thank you for everything|I owe you so much|You"
            " have helped me more than you know|I will always be thankful}{.|!}"
        ),
    ),
    "nervous": (
        (
            "{I am nervous|I'm so nervous|I am worried|I'm really worried|I feel anxious|I am anxious|I"
            " have butterflies in my stomach|My hands are sweating} {about the exam|about tomorrow|before"
            " the interview|about my test|about my speech|about the results|.|about my child}"
        ),
        (
            "{The exam|My interview|The test|My big speech|The operation|The job interview|My first day}"
            " {is tomorrow|starts in an hour|is in ten minutes|is today} {and I cannot sleep|and my hands"
            " are sweating|and I hope I don't fail|and I bite my nails|, what if I fail?}"
        ),
        (
            "{What if|I worry that} {I fail|something goes wrong|they don't like me|I forget my words|I"
            " make a mistake|she is late|it does not work}{?|...|, I am so worried.| tomorrow?}"
        ),
        (
            "*{bites nails|paces up and down|fidgets|wrings hands|swallows hard}* {What if I fail|I hope it"
            " goes well|They will call my name soon|I can't do this|Is it my turn}{?|...|.}"
        ),
    ),
    "disappointed": (
        (
            "{I am disappointed|I'm so disappointed|What a disappointment|What a letdown|I expected more"
            "|I had hoped for more|I feel let down} {.|in you|with the film|by the result|with my grade"
            "|by the team}"
        ),
        (
            "{I hoped|I thought|I really hoped|I expected} {to win|she would come|it would be better|to get"
            " the job|we would go to the zoo|he would remember my birthday} {but|, but} {it did not happen"
            "|I lost|she did not come|they said no|he forgot|it was cancelled}{.|...}"
        ),
        (
            "{The trip was cancelled|The film was not as good as I hoped|The concert was called off|We lost"
            " in the last minute|They promised it and did not keep it}{.|, what a pity.|, I had looked"
            " forward to it.|, I expected better.}"
        ),
    ),
    "jealous": (
        (
            "{I am jealous|I'm so jealous|I am green with envy|I envy {him|her|them|you}} {.|of his new car"
            "|of my sister|of her life|of your house|because she has it all}"
        ),
        (
            "{Why does|It's unfair that} {she|he|my brother|my neighbour} {always get|get} {the best"
            " presents|all the attention|a new car|everything|the bigger room} {and I get nothing|and not"
            " me|while I have nothing}{?|!|.}"
        ),
        (
            "{I want what|I wish I had what} {she has|he has|they have|my neighbour has}{.|, it should be"
            " mine.|, why not me?}"
        ),
    ),
    "amused": (
        (
            "{Haha|Hahaha|Ha ha|Lol|Hihi|Hehe}{!|,} {that is so funny|that was hilarious|you are so funny"
            "|good one|what a joke|I can't stop laughing|that is the funniest thing|my stomach hurts from"
            " laughing}{!|.}"
        ),
        (
            "{That joke|This video|The clown|Your story|The cat video|That meme} {is so funny|made me laugh"
            " out loud|is hilarious|cracked me up|made me giggle|is too funny}{!|.|, haha!}"
        ),
        (
            "*{laughs|giggles|chuckles|bursts out laughing|laughs out loud|snickers}* {That is so funny|You"
            " and your jokes|Stop it, I can't breathe|Good one|Tell it again}{!|.}"
        ),
    ),
    "hopeful": (
        (
            "{I hope|I really hope|I believe|I am sure} {things will get better|tomorrow will be better|it"
            " will all work out|we will find a way|she will get well soon|peace will come|our dream comes"
            " true|everything will be fine}{.|!|, I have not given up.}"
        ),
        (
            "{There is still hope|There is light at the end of the tunnel|I feel hopeful|I am hopeful|I am"
            " full of hope|I see a chance|We can still make it|I believe in a better future}{.|!}"
        ),
    ),
    "relieved": (
        (
            "{What a relief|I am so relieved|I'm relieved|Phew|Phew, that was close|Thank goodness|Thank"
            " God} {!|, it is over!|, nobody was hurt!|, the test was negative!|, the child is safe!|, we"
            " made it in time!|, he is all right!|, I found the keys!}"
        ),
        (
            "{I was so worried|I feared the worst|I thought we were lost}, {but|and now} {everything is all"
            " right|it turned out fine|she is safe|the danger is over}{.|!|, thank goodness.}"
        ),
        (
            "*{sighs with relief|lets out a breath|wipes forehead}* {It is over|We are safe|That was close"
            "|Nobody is hurt|They found him}{.|!}"
        ),
    ),
    "guilty": (
        (
            "{I am so sorry|I feel so guilty|I feel guilty|It was my fault|It is all my fault|I regret it|I"
            " should not have done that|I am ashamed of what I did} {.|that I lied to you|that I hurt you|,"
            " please forgive me|that I broke your vase|, I did wrong}"
        ),
        (
            "{I lied to|I hurt|I stole from|I was unfair to|I forgot|I let down} {my best friend|my mother"
            "|my brother|you|her|him} and {I regret it|I feel terrible about it|I want to say sorry|it was"
            " wrong of me|I wish I could undo it}{.|}"
        ),
        (
            "*{hangs head|looks down in shame|lowers eyes}* {It was my fault|I am sorry, forgive me|I should"
            " not have done it|I broke it}{.|...}"
        ),
    ),
}
WHO_PATTERN = _WHO
LOVED_PATTERN = _LOVED
