"""What has digits, as one reads it out."""

import pytest

from tacotron.text.normalize import normalize
from tacotron.text.numbers import cardinal, digits, ordinal, pairs, year

CARDINALS = [
    ("0", "zero"),
    ("7", "seven"),
    ("10", "ten"),
    ("21", "twenty one"),
    ("45", "forty five"),
    ("100", "one hundred"),
    ("110", "one hundred ten"),
    ("199", "one hundred ninety nine"),
    ("1,000", "one thousand"),
    ("1,001", "one thousand one"),
    ("2,310", "two thousand three hundred ten"),
    ("2310", "two thousand three hundred ten"),
    ("6439 persons", "six thousand four hundred thirty nine persons"),
    ("114,300", "one hundred fourteen thousand three hundred"),
    ("12345", "twelve thousand three hundred forty five"),
    (
        "1,234,567",
        "one million two hundred thirty four thousand five hundred sixty seven",
    ),
    ("1000000", "one million"),
    ("1000000000000", "one trillion"),
    ("1" + "0" * 30, "one nonillion"),
    ("-5", "minus five"),
    ("(-5)", "(minus five)"),
    ("\u22125 and -.5", "minus five and minus zero point five"),
    ("00", "zero zero"),
    ("007", "zero zero seven"),
    ("01", "zero one"),
    ("1,2,3", "one, two, three"),
    ("12,34", "twelve, thirty four"),
    ("3.14", "three point one four"),
    ("0.001", "zero point zero zero one"),
    (".5", "zero point five"),
    ("1.0", "one point zero"),
    ("1,000.5", "one thousand point five"),
    ("1.", "one."),
    ("It was 5. Then 6.", "It was five. Then six."),
    ("he has a 5, an 8, or a 3", "he has a five, an eight, or a three"),
    ("1 000 000", "one million"),
    ("5 million", "five million"),
    ("7.8 billion", "seven point eight billion"),
    ("100s of people", "hundreds of people"),
    ("the 747s", "the seven forty sevens"),
    ("10k runners", "ten thousand runners"),
    ("5M users", "five million users"),
    ("Apollo 11", "Apollo eleven"),
]

ORDINALS = [
    ("1st", "first"),
    ("2nd", "second"),
    ("3rd", "third"),
    ("4th", "fourth"),
    ("5th", "fifth"),
    ("8th", "eighth"),
    ("9th", "ninth"),
    ("11th", "eleventh"),
    ("12th", "twelfth"),
    ("13th", "thirteenth"),
    ("20th", "twentieth"),
    ("22nd", "twenty second"),
    ("100th", "one hundredth"),
    ("101st", "one hundred first"),
    ("1,000th", "one thousandth"),
    ("the 21st-century", "the twenty first century"),
    ("3RD", "third"),
]

YEARS = [
    ("in 1969", "in nineteen sixty nine"),
    ("in 1905", "in nineteen oh five"),
    ("in 1900", "in nineteen hundred"),
    ("in 1066", "in ten sixty six"),
    ("in 1000", "in one thousand"),
    ("in 2000", "in two thousand"),
    ("in 2005", "in two thousand five"),
    ("in 2010", "in twenty ten"),
    ("in 2024", "in twenty twenty four"),
    ("In 1984, we", "In nineteen eighty four, we"),
    ("1984 apples", "one thousand nine hundred eighty four apples"),
    ("in 1984 apples were cheap", "in nineteen eighty four apples were cheap"),
    ("in 1500 cases", "in one thousand five hundred cases"),
    ("1500 people", "one thousand five hundred people"),
    ("2000 of them", "two thousand of them"),
    ("the 1984 election", "the nineteen eighty four election"),
    ("1984 was", "nineteen eighty four was"),
    ("1469, 1470;", "fourteen sixty nine, fourteen seventy;"),
    ("about 1455,", "about fourteen fifty five,"),
    ("1,984", "one thousand nine hundred eighty four"),
    ("44 BC", "forty four B C"),
    ("480 B.C. The end", "four eighty B C. The end"),
    ("in 480 B.C. they", "in four eighty B C they"),
    ("AD 79", "A D seventy nine"),
    ("300 BCE", "three hundred B C E"),
    ("the 1980s", "the nineteen eighties"),
    ("the 1980's", "the nineteen eighties"),
    ("the '80s", "the eighties"),
    ("the 90s", "the nineties"),
    ("the 1900s", "the nineteen hundreds"),
    ("the 2000s", "the two thousands"),
    ("the 2010s", "the twenty tens"),
    ("1914-18", "nineteen fourteen to eighteen"),
    ("1914\u201318", "nineteen fourteen to eighteen"),
    ("1914\u20131918", "nineteen fourteen to nineteen eighteen"),
    ("1901-05", "nineteen oh one to oh five"),
    ("2019/20", "twenty nineteen to twenty"),
    ("2001-02", "two thousand one to two thousand two"),
]

TIMES = [
    ("7:15", "seven fifteen"),
    ("7:05 pm", "seven oh five P M"),
    ("12:00", "twelve o'clock"),
    ("18:30", "eighteen thirty"),
    ("14:00", "fourteen hundred"),
    ("0:00", "midnight"),
    ("00:15", "zero fifteen"),
    ("9am", "nine A M"),
    ("9 AM", "nine A M"),
    ("7.30pm", "seven thirty P M"),
    ("12:30:45", "twelve thirty forty five"),
    ("9am-5pm", "nine A M to five P M"),
    ("9:00-17:00", "nine o'clock to seventeen hundred"),
    ("from 9-11am", "from nine to eleven A M"),
    ("at 9 a.m. He left", "at nine A M. He left"),
    ("at 9 a.m. Monday", "at nine A M Monday"),
    ("It is 3 p.m.", "It is three P M."),
    ("at 3 p.m. yet", "at three P M yet"),
    ("a ratio of 3:1", "a ratio of three to one"),
    ("John 3:16", "John three sixteen"),
]

DATES = [
    ("May 4th", "May fourth"),
    ("May 4", "May fourth"),
    ("May 4, 2024", "May fourth, twenty twenty four"),
    ("May 4 2024", "May fourth twenty twenty four"),
    ("May 4-6", "May fourth to sixth"),
    ("4 May 2024", "the fourth of May twenty twenty four"),
    ("on the 4th of May", "on the fourth of May"),
    ("On the 14th June, 1800,", "On the fourteenth June, eighteen hundred,"),
    ("on 22nd August, 1799", "on twenty second August, seventeen ninety nine"),
    ("5/4/2024", "May fourth, twenty twenty four"),
    ("31/12/2024", "December thirty first, twenty twenty four"),
    ("5/4/24", "May fourth, twenty twenty four"),
    ("12/25/99", "December twenty fifth, nineteen ninety nine"),
    ("4.5.2024", "May fourth, twenty twenty four"),
    ("2024-05-04", "May fourth, twenty twenty four"),
    ("2024-05-04T12:30", "May fourth, twenty twenty four twelve thirty"),
    ("due 5/4", "due May fourth"),
    ("Sept. 11, 2001", "September eleventh, two thousand one"),
    ("Jan. 3rd", "January third"),
    ("May 1969", "May nineteen sixty nine"),
    ("Feb. 2021", "February twenty twenty one"),
    ("Mon, May 5", "Monday, May fifth"),
    ("Mon-Fri 9-5", "Monday to Friday nine to five"),
    ("I may 4 times", "I may four times"),
]

MONEY = [
    ("$1", "one dollar"),
    ("$3.50", "three dollars and fifty cents"),
    ("$19.99", "nineteen dollars and ninety nine cents"),
    ("$1.01", "one dollar and one cent"),
    ("$0.99", "ninety nine cents"),
    ("$5.00", "five dollars"),
    ("$1,000,000.00", "one million dollars"),
    ("$3.5 million", "three point five million dollars"),
    ("$1.5bn", "one point five billion dollars"),
    ("$100k", "one hundred thousand dollars"),
    ("\u00a32,500", "two thousand five hundred pounds"),
    ("\u00a31.01", "one pound and one penny"),
    ("\u00a3500 and upwards.", "five hundred pounds and upwards."),
    ("between \u00a310 and \u00a320", "between ten pounds and twenty pounds"),
    ("\u20ac5.50", "five euros and fifty cents"),
    ("5 \u20ac", "five euros"),
    ("\u00a5500", "five hundred yen"),
    ("US$5", "five U S dollars"),
    ("20 USD", "twenty U S dollars"),
    ("50\u00a2", "fifty cents"),
    ("-$5", "minus five dollars"),
    ("$5-10 million", "five to ten million dollars"),
    ("$5.00-$7.50", "five dollars to seven dollars and fifty cents"),
    ("$15/hr", "fifteen dollars per hour"),
    ("a $5 bill", "a five dollar bill"),
    ("a $5 or so", "a five dollars or so"),
    ("$", "dollar"),
]

UNITS = [
    ("5 km", "five kilometers"),
    ("1 km", "one kilometer"),
    ("5-10 km", "five to ten kilometers"),
    ("0.5 miles", "zero point five miles"),
    ("60 mph", "sixty miles per hour"),
    ("100 km/h", "one hundred kilometers per hour"),
    ("10kg", "ten kilograms"),
    ("25\u00b0C", "twenty five degrees Celsius"),
    ("-40 \u00b0F", "minus forty degrees Fahrenheit"),
    ("1\u00b0", "one degree"),
    ("3 GB", "three gigabytes"),
    ("20 MHz", "twenty megahertz"),
    ("220V", "two hundred twenty volts"),
    ("5 \u00b5g", "five micrograms"),
    ("5 \u03bcm", "five micrometers"),
    ("10 \u03a9", "ten ohms"),
    ("5 m\u00b2", "five square meters"),
    ("5 km2", "five square kilometers"),
    ("9.8 m/s\u00b2", "nine point eight meters per second squared"),
    ("500 sq. ft.", "five hundred square feet."),
    ("5 ft. tall", "five feet tall"),
    ("It is 5 ft. He knew.", "It is five feet. He knew."),
    ("3 in. of rain", "three inches of rain"),
    ("5 in the morning", "five in the morning"),
    ("a 10 km run", "a ten kilometer run"),
    ("a 1-in-10 chance", "a one in ten chance"),
    ("a 6-ft man", "a six foot man"),
    ("5'10\"", "five foot ten"),
    ('a 6.1" screen', "a six point one inch screen"),
    ('He said "I am 12" and', "He said I am twelve and"),
    ("45%", "forty five percent"),
    ("10-15%", "ten to fifteen percent"),
    ("0.5 %", "zero point five percent"),
    ("5G and 4K", "five G and four K"),
]

ARITHMETIC = [
    ("1/2", "one half"),
    ("3/4", "three quarters"),
    ("2/3", "two thirds"),
    ("7/16", "seven sixteenths"),
    ("2 1/2", "two and a half"),
    ("1 3/4", "one and three quarters"),
    ("\u00bd", "one half"),
    ("2\u00bd hours", "two and a half hours"),
    ("1/2 mile", "one half mile"),
    ("10/10", "ten out of ten"),
    ("50/50", "fifty fifty"),
    ("50-50", "fifty fifty"),
    ("22/7", "twenty two over seven"),
    ("24/7", "twenty four seven"),
    ("9/11", "nine eleven"),
    ("3 x 4", "three times four"),
    ("3\u00d74", "three times four"),
    ("3*4", "three times four"),
    ("1920x1080", "nineteen twenty by ten eighty"),
    ("4x4", "four by four"),
    ("10x faster", "ten times faster"),
    ("2+2=4", "two plus two equals four"),
    ("5-3=2", "five minus three equals two"),
    ("10 / 2 = 5", "ten divided by two equals five"),
    ("10 \u00f7 2", "ten divided by two"),
    ("x\u00b2", "X squared"),
    ("10^6", "ten to the sixth"),
    ("10^-3", "ten to the minus three"),
    ("E = mc^2", "E equals M C squared"),
    ("1e10", "one times ten to the tenth"),
    ("\u221a16", "the square root of sixteen"),
    ("\u00b15", "plus or minus five"),
    ("~5", "about five"),
    ("x > 3", "X is greater than three"),
    ("< 5 minutes", "less than five minutes"),
    ("a score of 3-2", "a score of three to two"),
    ("pages 10-12", "pages ten to twelve"),
]

CODES = [
    ("#5", "number five"),
    ("No. 5", "number five"),
    ("the No. 1 hit", "the number one hit"),
    ("555-123-4567", "five five five, one two three, four five six seven"),
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("555-1234", "five five five, one two three four"),
    (
        "1-800-555-1234",
        "one, eight hundred, five five five, one two three four",
    ),
    ("+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"),
    ("020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"),
    ("call 911", "call nine one one"),
    ("911 people", "nine hundred eleven people"),
    ("9-1-1", "nine one one"),
    ("123-45-6789", "one two three, four five, six seven eight nine"),
    ("12345678901", "one two three four five six seven eight nine zero one"),
    ("192.168.1.1", "one ninety two dot one sixty eight dot one dot one"),
    ("10.0.0.1:8080", "ten dot zero dot zero dot one colon eighty eighty"),
    ("v2.0", "version two point zero"),
    ("version 2.0.1", "version two point zero point one"),
    ("a V8 engine", "a V eight engine"),
    ("room 101", "room one oh one"),
    ("flight 370", "flight three seventy"),
    ("a Boeing 747-400", "a Boeing seven forty seven four hundred"),
    ("PIN 1234", "PIN one two three four"),
    ("extension 8500", "extension eight five zero zero"),
    ("221B Baker St.", "two twenty one B Baker Street."),
    ("Boston, MA 02134", "Boston, Massachusetts zero two one three four"),
    ("COVID-19", "COVID nineteen"),
    ("F-16", "F sixteen"),
    ("A320", "{EY1} three twenty"),
    ("the A320", "the A three twenty"),
    ("H2O", "H two O"),
    ("mp3", "M P three"),
    ("x86-64", "X eighty six sixty four"),
    ("H.264", "H two sixty four"),
    ("a 5-year-old", "a five year old"),
]

# Not beautiful, but each has a reading.
ODD = [
    ("1.2.3.4.5.6.7.8", None),
    ("99/99/9999", None),
    ("1:2:3:4", None),
    ("1,,2", "one, two"),
    ("5--6", "five — six"),
    ("$$$5", None),
    ("%", "percent"),
    ("1" * 5000, " ".join(["one"] * 5000)),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    CARDINALS + ORDINALS + YEARS + TIMES + DATES + MONEY + UNITS + ARITHMETIC + CODES + ODD,
)
def test_numbers_are_read(text: str, expected: str | None) -> None:
    spoken = normalize(text).text
    assert not any(char.isdigit() for char in spoken.replace("{EY1}", ""))
    if expected is None:
        assert spoken
    else:
        assert spoken == expected


def test_cardinals_of_every_size() -> None:
    assert cardinal(0) == "zero"
    assert cardinal(-12) == "minus twelve"
    assert cardinal(10**6 + 1) == "one million one"
    assert cardinal(999_999) == ("nine hundred ninety nine thousand nine hundred ninety nine")
    assert cardinal(10**33) == "one decillion"
    assert cardinal(10**36) == digits("1" + "0" * 36)


def test_every_number_below_a_thousand_is_its_own_words() -> None:
    words = [cardinal(value) for value in range(1000)]
    assert len(set(words)) == 1000
    assert all(word.replace(" ", "").isalpha() for word in words)
    assert len({ordinal(value) for value in range(1000)}) == 1000


def test_years_and_pairs() -> None:
    assert year(1969) == "nineteen sixty nine"
    assert year(2009) == "two thousand nine"
    assert year(79) == "seventy nine"
    assert pairs("1205") == "twelve oh five"
    assert pairs("200") == "two hundred"
    assert pairs("12345") == "twelve thousand three hundred forty five"
