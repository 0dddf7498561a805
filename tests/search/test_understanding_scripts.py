import pytest

from edu.search.understanding.layout import russian_readings, to_english, to_russian
from edu.search.understanding.translit import russian_spellings
from edu.search.understanding.understand import understand
from tests.search.stub_words import StubWords, meant


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("vfnfy", "матан"),
        ("VFNFY", "МАТАН"),
        ("htitybt pflfx bp c,jhybrf", "решение задач из сборника"),
        ("dhfofntkmyjt ldb;tybt", "вращательное движение"),
        ("[fhfrnthbcnbrb", "характеристики"),
        ("j,]tv", "j,]tv"),  # no such word in this library
        ("pfrjy cj[hfytybz 'ythubb", "закон сохранения энергии"),
        ("'ythub.", "энергию"),
        ("ldb;tybt. vjvtyn cbks", "движение. момент силы"),
        ("byntuhfk b ghjbpdjlyfz", "интеграл и производная"),
        ("jghtltk`yysq byntuhfk", "определённый интеграл"),
        ("(ghbpyfr c[jlbvjcnb)", "(признак сходимости)"),
        ("ntjhbz dthjznyjcntq", "теория вероятностей"),
        ("ghbvth rjlf yf C++", "пример кода на C++"),
        ("cbks FVGTHF", "силы АМПЕРА"),
        ("ufecc-jcnhjuhflcrbq", "гаусс-jcnhjuhflcrbq"),
    ],
)
def test_russian_typed_in_the_english_layout(typed: str, text: str) -> None:
    assert meant(typed).text == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("штеупкфд", "integral"),
        ("сфдсгдгы", "calculus"),
        ("дшьшеы ща агтсешщты", "limits of functions"),
        ("купкуыышщт ьщвуд", "regression model"),
        ("кфдфтсу ЫЙД", "кфдфтсу SQL"),
        ("ыйд", "sql"),
        ("знерщт", "python"),
        ("Усщтщьуекшсы", "Econometrics"),
        ("дштуфк", "linear"),
        ("мфкшфтсу", "variance"),
        ("с№", "c#"),
    ],
)
def test_english_typed_in_the_russian_layout(typed: str, text: str) -> None:
    assert meant(typed).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Econometrics class notes",
        "linear regression model",
        "x^2+y^2",
        "y'=f(x,y)",
        "a, b, c",
        "C++",
        "SQL",
        "Python",
        "Newton",
        "Euler",
        "std::vector",
        "for (int i = 0; i < n; i++)",
        "e.g. the set",
        "1.5, 2,5",
        "c0ppenin",
        "МНК",
        "СЛАУ",
        "Ньютон",
        "n × 2",
        "https://example.org/vfnfy",
    ],
)
def test_what_is_no_wrong_layout_stays(text: str) -> None:
    assert meant(text).text == text
    assert meant(text).wordings[0].query.terms == meant(text, exact=True).wordings[0].query.terms


def test_one_latin_word_among_russian_ones_typed_blindly_stays() -> None:
    assert meant("fkujhbnvs SQL").text == "алгоритмы SQL"


def test_neighbours_in_another_layout_are_told_as_one_change() -> None:
    (change, *_) = meant("ghtltk aeyrwbb").changes
    assert (change.kind, change.said, change.meant) == (
        "layout",
        "ghtltk aeyrwbb",
        "предел функции",
    )


def test_an_unknown_word_of_another_layout_is_read_so_when_it_resembles_a_known_one() -> None:
    assert meant("vjvtyn lb;tybt").text == "момент движение"


def test_every_letter_has_its_key_in_the_other_layout() -> None:
    alphabet = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
    for letters in (alphabet, alphabet.upper(), "№"):
        assert to_russian(to_english(letters)) == letters
    assert to_russian("GHBDTN?") == "ПРИВЕТ,"
    assert to_english("руддщ№") == "hello#"


def test_signs_at_the_edge_may_be_letters_or_signs() -> None:
    assert russian_readings(",jkmib[") == [
        "больших", "больши[", ",ольших", ",ольши["
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("lineinaya algebra", "линейная алгебра"),
        ("lineynaya algebra", "линейная алгебра"),
        ("linejnaja algebra", "линейная алгебра"),
        ("matematicheskiy analiz", "математический анализ"),
        ("matematicheskij analiz", "математический анализ"),
        ("matematichesky analiz", "математический анализ"),
        ("ryady fur'e", "ряды фурье"),
        ("rjady furje", "ряды фурье"),
        ("teoriya veroyatnostey", "теория вероятностей"),
        ("teorija verojatnostej", "теория вероятностей"),
        ("proverka gipotez", "проверка гипотез"),
        ("metod naimenshih kvadratov", "метод наименьших квадратов"),
        ("differentsialnye uravneniya", "дифференциальные уравнения"),
        ("differencial'nye uravnenija", "дифференциальные уравнения"),
        ("kriterij stjudenta", "критерий стьюдента"),
        ("elektrostatika", "электростатика"),
        ("Vraschatelnoe dvizhenie", "Вращательное движение"),
        ("yakobian", "якобиан"),
        ("chislovye ryady", "числовые ряды"),
        ("matan", "матан"),
        ("teorver", "теорвер"),
        ("zakon bolshikh chisel", "закон больших чисел"),
        ("teorema Gaussa", "теорема Гаусса"),
        ("zakon bolshix chisel", "закон больших чисел"),
    ],
)
def test_transliteration(typed: str, text: str) -> None:
    assert meant(typed).text == text
    assert meant(typed).changes[0].kind == "translit"


@pytest.mark.parametrize(
    "text",
    ["set", "sum", "the limits of functions", "error terms", "hello world", "main", "Euler"],
)
def test_english_is_no_transliteration(text: str) -> None:
    assert meant(text).text == text


@pytest.mark.parametrize(
    ("latin", "russian"),
    [
        ("shchetka", "щетка"),
        ("yozh", "еж"),
        ("obyekt", "обьект"),
        ("kompleksnyx", "комплексных"),
        ("skhodimost'", "сходимость"),
        ("xaos", "хаос"),
        ("energiya", "энергия"),
        ("iskhodnyye", "исходные"),
        ("chastnyye", "частные"),
        ("jurnal", "журнал"),
    ],
)
def test_spellings_of_all_habits(latin: str, russian: str) -> None:
    assert russian in russian_spellings(latin)


def test_transliteration_is_bounded() -> None:
    assert len(russian_spellings("schiaschiaschiaschiaschiascia")) <= 24
    assert not russian_spellings("s" * 200)
    assert not russian_spellings("x2y")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("мaтpицa", "мaтpицa"),  # mixed script folds without being told
        ("c++", "c++"),
        ("KOД", "KOД"),
    ],
)
def test_look_alikes_within_a_word_are_the_same_word(typed: str, text: str) -> None:
    assert meant(typed).text == text
    assert not [change for change in meant(typed).changes if change.kind == "layout"]


def test_a_word_wholly_of_look_alikes_is_read_if_only_so_it_is_known() -> None:
    library = ("сор в хате", "шум и сор")
    assert understand("cop", StubWords(library)).text == "сор"
    assert understand("cop", StubWords([*library, "cop and robber"])).text == "cop"
