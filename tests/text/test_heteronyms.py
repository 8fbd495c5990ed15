"""Words spelled alike are told apart by their neighbors."""

from __future__ import annotations

import re

import pytest

from tacotron.text import get_frontend
from tacotron.text.heteronyms import CLASSES, choose, condition_pattern, readings
from tacotron.text.symbols import PHONEMES

# Sentence, with the heteronym in square brackets, and how it is spoken there.
SENTENCES = """
She [read] the letter twice. | R EH1 D
I have [read] that book. | R EH1 D
They had never [read] it. | R EH1 D
The report was [read] aloud. | R EH1 D
I will [read] it tomorrow. | R IY1 D
He likes to [read] in bed. | R IY1 D
[Read] the first page aloud. | R IY1 D
Did you [read] the news? | R IY1 D
It was a good [read]. | R IY1 D
You can sit and [read] here. | R IY1 D
Children who [read] every day learn more. | R IY1 D
He opened the book and [read] the first line. | R EH1 D
The sign [read] no smoking. | R EH1 D
Don't [read] my mail! | R IY1 D
The pipe was made of [lead]. | L EH1 D
They removed the [lead] pipes. | L EH1 D
A mixture of tin and [lead] was used. | L EH1 D
She will [lead] the team. | L IY1 D
He took the [lead] in the race. | L IY1 D
All roads [lead] to Rome. | L IY1 D
The singer's [lead] guitar was loud. | L IY1 D
For personal [use] only. | Y UW1 S
Is this [live]? | L AY1 V
[Live] from New York. | L AY1 V
She can tie a [bow]. | B OW1
I [live] in Paris. | L IH1 V
They [live] near the river. | L IH1 V
We heard [live] music. | L AY1 V
The show was broadcast [live]. | L AY1 V
It is a [live] wire. | L AY1 V
Long [live] the king! | L IH1 V
Cats have nine [lives]. | L AY1 V Z
She [lives] alone. | L IH1 V Z
They lost their [lives] at sea. | L AY1 V Z
He [lives] in London. | L IH1 V Z
You can [use] my pen. | Y UW1 Z
What is the [use] of crying? | Y UW1 S
It is of no [use]. | Y UW1 S
[Use] the back door. | Y UW1 Z
They [use] it daily. | Y UW1 Z
It was ready for [use]. | Y UW1 S
The tool has many [uses]. | Y UW1 S IH0 Z
She [uses] a cane. | Y UW1 Z IH0 Z
He [used] to sing. | Y UW1 S T
I am [used] to the noise. | Y UW1 S T
You get [used] to it. | Y UW1 S T
This is [used] to cut glass. | Y UW1 Z D
He [used] a hammer. | Y UW1 Z D
There [used] to be a mill here. | Y UW1 S T
She broke the world [record]. | R EH1 K ER0 D
Please [record] the meeting. | R IH0 K AO1 R D
They [record] every call. | R IH0 K AO1 R D
We want to [record] a song. | R IH0 K AO1 R D
The [records] were lost. | R EH1 K ER0 D Z
It [records] the time. | R IH0 K AO1 R D Z
He gave her a [present]. | P R EH1 Z AH0 N T
They will [present] their plan. | P R IY0 Z EH1 N T
At [present] we wait. | P R EH1 Z AH0 N T
She [presents] the news. | P R IY0 Z EH1 N T S
The [presents] were wrapped. | P R EH1 Z AH0 N T S
I [object] to that. | AH0 B JH EH1 K T
A strange [object] fell. | AA1 B JH EH0 K T
The [project] is late. | P R AA1 JH EH0 K T
They [project] a loss. | P R AH0 JH EH1 K T
We buy fresh [produce]. | P R OW1 D UW0 S
Cows [produce] milk. | P R AH0 D UW1 S
He signed the [contract]. | K AA1 N T R AE2 K T
You may [contract] a fever. | K AH0 N T R AE1 K T
I am [content] with that. | K AH0 N T EH1 N T
The [content] is new. | K AA1 N T EH0 N T
Please [close] the door. | K L OW1 Z
[Close] your eyes. | K L OW1 Z
We are very [close] friends. | K L OW1 S
The shop is [close] to the station. | K L OW1 S
The year drew to a [close]. | K L OW1 Z
He came [close] to winning. | K L OW1 S
They will [close] early. | K L OW1 Z
The [wind] blew hard. | W IH1 N D
Remember to [wind] the clock. | W AY1 N D
The path [winds] through the hills. | W AY1 N D Z
Strong [winds] are expected. | W IH1 N D Z
A [tear] rolled down his cheek. | T IH1 R
Do not [tear] the paper. | T EH1 R
She burst into [tears]. | T IH1 R Z
There was a [tear] in the fabric. | T EH1 R
He shot it with a [bow] and arrow. | B OW1
The actors took a [bow]. | B AW1
They [bow] to the queen. | B AW1
She wore a red [bow]. | B OW1
They sat in a [row]. | R OW1
[Row] the boat ashore. | R OW1
He had a [row] with his wife. | R AW1
The [sow] had nine piglets. | S AW1
They [sow] the seed in spring. | S OW1
Wait a [minute]. | M IH1 N AH0 T
He described it in [minute] detail. | M AY0 N UW1 T
A [minute] quantity was found. | M AY0 N UW1 T
Camels live in the [desert]. | D EH1 Z ER0 T
He would never [desert] his friends. | D IH0 Z ER1 T
I [refuse] to go. | R AH0 F Y UW1 Z
The [refuse] was burned. | R EH1 F Y UW2 S
They slept in [separate] rooms. | S EH1 P R AH0 T
We must [separate] the two. | S EH1 P ER0 EY2 T
That is a rough [estimate]. | EH1 S T AH0 M AH0 T
We [estimate] the cost at ten pounds. | EH1 S T AH0 M EY2 T
My [house] is small. | HH AW1 S
The barn will [house] the horses. | HH AW1 Z
There is no [excuse]. | IH0 K S K Y UW1 S
Please [excuse] me. | IH0 K S K Y UW1 Z
They suffered [abuse]. | AH0 B Y UW1 S
Do not [abuse] the privilege. | AH0 B Y UW1 Z
His [conduct] was poor. | K AA1 N D AH0 K T
She will [conduct] the choir. | K AH0 N D AH1 K T
You need a [permit]. | P ER1 M IH2 T
The rules [permit] this. | P ER0 M IH1 T
The [rebel] army won. | R EH1 B AH0 L
They [rebel] against the king. | R IH0 B EH1 L
Change the [subject]. | S AH1 B JH IH0 K T
They would [subject] him to ridicule. | S AH0 B JH EH1 K T
A [perfect] day. | P ER1 F IH0 K T
She wants to [perfect] her French. | P ER0 F EH1 K T
We made good [progress]. | P R AA1 G R EH2 S
The work will [progress] slowly. | P R AH0 G R EH1 S
She was [upset] about it. | AH0 P S EH1 T
His [wound] was deep. | W UW1 N D
He [wound] up the clock. | W AW1 N D
The road [wound] through the valley. | W AW1 N D
The white [dove] cooed. | D AH1 V
She [dove] into the pool. | D OW1 V
He plays [bass] guitar. | B EY1 S
He caught a huge [bass] in the lake. | B AE1 S
[Polish] the silver. | P AA1 L IH0 SH
Her [Polish] grandmother came. | P OW1 L IH0 SH
He [does] it well. | D AH1 Z
My password is [invalid]. | IH0 N V AE1 L AH0 D
Prices [increase] every year. | IH0 N K R IY1 S
There was an [increase] in prices. | IH1 N K R IY2 S
The police [suspect] him. | S AH0 S P EH1 K T
The main [suspect] fled. | S AH1 S P EH2 K T
The [convict] escaped. | K AA1 N V IH0 K T
They want to [import] wine. | IH0 M P AO1 R T
She handed in her [resume]. | R EH1 Z AH0 M EY2
We [resume] at noon. | R IH0 Z UW1 M
My [learned] friend is mistaken. | L ER1 N AH0 D
She [learned] to swim. | L ER1 N D
He is [aged] forty. | EY1 JH D
The [aged] man sat down. | EY1 JH AH0 D
They [graduate] in June. | G R AE1 JH AH0 W EY2 T
She is a [graduate] student. | G R AE1 JH AH0 W AH0 T
I [advocate] patience. | AE1 D V AH0 K EY2 T
It was a [deliberate] lie. | D IH0 L IH1 B R AH0 T
An [appropriate] reply came. | AH0 P R OW1 P R IY0 AH0 T
It happened in [August]. | AO1 G AH0 S T
"""


def parse(row: str) -> tuple[str, int, str]:
    """Return the sentence of a row, the index of its heteronym among the words, and its sounds."""
    marked, phonemes = row.split(" | ")
    before = marked[: marked.index("[")]
    return marked.replace("[", "").replace("]", ""), len(before.split()), phonemes


ROWS = [parse(row) for row in SENTENCES.strip().splitlines()]


@pytest.mark.parametrize(("sentence", "place", "expected"), ROWS)
def test_neighbors_tell_how_a_word_is_spoken(sentence: str, place: int, expected: str) -> None:
    encoded = get_frontend("english").encode(sentence)
    word = encoded.words[place]
    assert " ".join(encoded.symbols[word.start : word.stop]) == expected


def test_the_table_has_phonemes_and_ends_each_word_with_a_default() -> None:
    for word, ways in readings().items():
        assert all(set(way.phonemes) <= set(PHONEMES) for way in ways), word
        assert all(way.conditions for way in ways[:-1]), f"{word} has lines that are never tried"
        assert not ways[-1].conditions, f"{word} has no default"


def test_every_condition_can_be_read() -> None:
    for word, ways in readings().items():
        for way in ways:
            for condition in way.conditions:
                assert "_" in condition or condition in ("verb", "noun", "capital"), word
                assert set(re.findall("<([a-z]+)>", condition)) <= set(CLASSES), word
                if "_" in condition:
                    assert not condition_pattern(condition).search(" nothing like it ")


def test_other_words_are_left_to_the_dictionary() -> None:
    assert choose(["hello"], 0) is None
