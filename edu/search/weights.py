"""Every number that the order of results hangs on, for all engines.

Tuned on real course files with known answers; see docs/benchmarks.md for what they reach.
"""

# Parts of a material: how much one occurrence counts against one in the body. BM25 saturates, so a
# word of the title outweighs some eight in the text, not a whole book of them.
TITLE_WEIGHT = 8.0
TAG_WEIGHT = 4.0
HEADING_WEIGHT = 3.0
LINE_WEIGHT = 1.5  # of a line that looks like a heading
DESCRIPTION_WEIGHT = 3.0
SUBJECT_WEIGHT = 2.0
BODY_WEIGHT = 1.0

# BM25.
K1 = 2.0  # how soon repetition stops counting
B = 0.5  # how far length counts against a document: whole books stand beside two-page lectures
TITLE_B = 0.3
TITLE_BOOST = 0.8  # of the title's own score against that of the folded text

# Which documents match at all.
FEWEST_STRICT = 3  # with fewer documents holding every word, those holding most come too
RELAXED_SHARE = 0.3  # of the weight that the best one holds, which a document must hold to come
RELAXED_LIMIT = 200  # documents that lack some of the words
COVERAGE_POWER = 0.3  # how steeply missing words cost

# What is raised among the first.
WINDOW = 100  # first documents whose order titles, ratings and age may change
CLOSE_WINDOW = 30  # first documents whose order closeness of the words may change
CLOSENESS = 0.7  # of the score for each point of the best place, up to MOST_CLOSE points
MOST_CLOSE = 4.0  # all words in order, in a heading that says nothing else
EXACT_TITLE = 1.5
# At most so much of the score, together less than a word more in the text: never past a clearly
# better match.
RATING_SHARE = 0.05
RATING_DOUBT = 5  # votes at which a rating counts half
FRESH_SHARE = 0.02
FRESH_YEARS = 2.0  # in which freshness halves

# Places within a document: shares of a word's idf that a passage earns beyond having the word.
HEADING_SHARE = 1.5  # of the words in a heading, the less the more it says besides
EXACT_HEADING = 1.0  # of the whole query, for saying no more and no less
PAIR_SHARE = 0.6  # the next word of the query follows as it was typed
NEAR_SHARE = 0.2  # it follows within NEAR words
NEAR = 6
REPEAT_SHARE = 0.15  # of each doubling of the count, up to REPEATS
REPEATS = 8
LENT_SHARE = 0.7  # of a word that is said within LENT_S seconds after the line
LENT_S = 10
CONTENTS_SHARE = 0.4  # what a table of contents keeps of its score
