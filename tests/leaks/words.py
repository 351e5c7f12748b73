"""Made sentences, names and phrases, for recordings that come without a transcript and for benign text."""

from __future__ import annotations

import random

# A sentence that says nothing, for codes in how it is written.
PLAIN = "we had hoped that one more layer would do but the loss went up again after a week or so "
OPENERS = [
    "in the evening",
    "before the rain came",
    "after the long winter",
    "on the way to the market",
    "last september",
    "when the bell rang",
    "for no good reason",
    "by the second week",
    "without a word",
    "at the edge of the village",
    "once the harvest was over",
    "during the night",
    "as far as anybody knew",
    "on sunday mornings",
    "all the same",
    "not far from the station",
    "under the bridge",
    "two years later",
    "to everybody's surprise",
    "after breakfast",
]
WHO = [
    "my grandmother",
    "the old carpenter",
    "our neighbour",
    "a young teacher",
    "the postman",
    "her cousin",
    "the nurse",
    "one of the sailors",
    "their landlord",
    "the girl from the bakery",
    "my brother",
    "a tired farmer",
    "the conductor",
    "his uncle",
    "the librarian",
    "an engineer",
    "the fisherman",
    "our doctor",
    "the shepherd",
    "somebody from the office",
]
DID = [
    "repaired",
    "painted",
    "borrowed",
    "forgot",
    "carried",
    "measured",
    "sold",
    "hid",
    "polished",
    "found",
    "buried",
    "counted",
    "opened",
    "drew",
    "described",
    "cleaned",
    "weighed",
    "exchanged",
    "remembered",
    "followed",
    "covered",
    "lifted",
    "sketched",
    "wrapped",
]
HOW = [
    "quietly",
    "twice",
    "with great care",
    "in a hurry",
    "almost every day",
    "badly",
    "for the first time",
    "at last",
    "once more",
    "",
]
WHAT = [
    "blue lantern",
    "copper kettle",
    "broken ladder",
    "wooden boat",
    "letter from the coast",
    "set of keys",
    "violin",
    "bag of walnuts",
    "green bicycle",
    "pair of boots",
    "map of the valley",
    "stone wall",
    "garden gate",
    "jar of honey",
    "photograph of the harbour",
    "silver watch",
    "heavy trunk",
    "bundle of newspapers",
    "red umbrella",
    "clay pot",
    "piano stool",
    "sheet of glass",
    "basket of plums",
    "pocket knife",
    "row of lamps",
    "woollen blanket",
    "iron stove",
]
THEN = [
    "and then walked home across the fields",
    "because the roof had started to leak",
    "although nobody had asked",
    "so that the children could sleep",
    "while the dog barked at the moon",
    "and never spoke of it again",
    "until the candles burned down",
    "but the river kept rising",
    "which cost almost nothing in those days",
    "and the whole street heard about it",
    "since the ferry was late again",
    "before the snow closed the pass",
    "and put it on the highest shelf",
    "where the old mill used to stand",
    "just to see what would happen",
    "although the price had doubled",
    "and laughed about it for weeks",
    "as if it were made of gold",
]
SYLLABLES = [
    "ka",
    "ro",
    "ve",
    "li",
    "mun",
    "dor",
    "sha",
    "bel",
    "tri",
    "os",
    "fen",
    "gul",
    "wes",
    "zan",
    "ib",
    "quor",
    "lem",
    "pas",
    "hy",
    "neth",
]
EVERYDAY = [
    "yes",
    "no",
    "thank you",
    "good morning",
    "hello",
    "goodbye",
    "please",
    "i don't know",
    "of course",
    "see you tomorrow",
    "how are you",
    "one moment please",
    "all right",
    "excuse me",
    "that's fine",
]


def name(pick: random.Random) -> str:
    """Return a made name that no language knows, capitalised."""
    return "".join(pick.choice(SYLLABLES) for _ in range(pick.choice((2, 3, 3)))).capitalize()


def sentence(pick: random.Random) -> str:
    """Return one made sentence of about 8 to 24 words; seldom an everyday phrase, some with a made name."""
    if pick.random() < 0.04:
        return pick.choice(EVERYDAY)
    who = name(pick).lower() if pick.random() < 0.25 else pick.choice(WHO)
    words = [
        pick.choice(OPENERS) if pick.random() < 0.6 else "",
        who,
        pick.choice(DID),
        f"the {pick.choice(WHAT)}",
        f"and the {pick.choice(WHAT)}" if pick.random() < 0.4 else "",
        pick.choice(HOW),
        pick.choice(THEN) if pick.random() < 0.8 else "",
    ]
    return " ".join(word for word in words if word)


def prose(pick: random.Random, sentences: int) -> str:
    """Return made prose about speech research, none of which was said in a recording."""
    return " ".join(pick.choice(REPORT).format(n=pick.randrange(12, 90)) for _ in range(sentences))


REPORT = (
    "We compared the two systems on the held-out part of the corpus, averaged over speakers.",
    "The gap between regions closes when the language model is adapted on text from outside the enclave.",
    "All rates are rounded to whole per cent and all groups hold at least ten speakers.",
    "Confidence intervals were obtained by resampling speakers, not recordings, {n} times.",
    "The acoustic model was trained for {n} epochs with a warm-up of one epoch.",
    "Results on spontaneous speech are worse than on read speech, as earlier work found.",
    "We did not tune on the test part; the threshold was fixed on development speakers.",
    "Formants were measured at the midpoint of each vowel and normalised per speaker before averaging.",
    "The effect of age is small and does not interact with region in the mixed-effects model.",
    "Missing values were left out of the averages; none of the groups lost more than {n} recordings.",
)
