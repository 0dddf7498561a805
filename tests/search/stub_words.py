"""A library of a few Russian and English texts that answers what understanding asks of an index."""

from collections.abc import Iterable

from rapidfuzz.distance import OSA

from edu.search.analysis import stems
from edu.search.base import SimilarWord
from edu.search.understanding.understand import Understood, understand

NAMES = (
    ("Математический анализ", "матан", "матанализ", "мат анализ", "calculus"),
    ("Ряды", "числовые ряды", "series"),
    ("Кратные интегралы", "двойной интеграл"),
    ("Линейная алгебра", "линал", "linear algebra"),
    ("Дискретная математика", "дискретка", "дискра"),
    ("Теория вероятностей", "тервер", "теорвер", "probability"),
    ("Математическая статистика", "матстат"),
    ("Дифференциальные уравнения", "диффуры", "ду"),
    ("Физика", "общая физика"),
    ("Оптика", "optics"),
    ("Английский язык", "английский", "времена"),
    ("Python", "питон"),
    ("C и C++", "си", "плюсы"),
)

TEXTS = (
    "математический анализ: предел функции, непрерывность, производная, дифференциал",
    "математический анализ: ряды Фурье, сходимость рядов, признак Даламбера, числовые ряды",
    "матанализ: определённый и неопределённый интеграл, замена переменных, ряды Тейлора",
    "двойной и тройной интеграл, кратные интегралы, криволинейные интегралы, якобиан",
    "линейная алгебра: матрицы, системы линейных уравнений, метод Гаусса, определитель",
    "линейная алгебра: собственные векторы, собственные значения, линейные операторы",
    "линал: евклидовы пространства, квадратичные формы, ортогональные преобразования",
    "дискретная математика: комбинаторика, производящие функции, теория графов",
    "теория вероятностей: центральная предельная теорема, закон больших чисел, дисперсия",
    "теория вероятностей: условная вероятность, формула Байеса, случайные величины",
    "математическая статистика: критерий Стьюдента, проверка гипотез, доверительные интервалы",
    "математическая статистика: метод наименьших квадратов, корреляция, регрессия",
    "дифференциальные уравнения: задача Коши, теорема существования, системы уравнений",
    "физика: вращательное движение, момент силы, закон сохранения энергии, Ньютон",
    "физика: интерференция и дифракция света, электромагнитная индукция, колебания",
    "физика: электростатика, теорема Гаусса, магнитное поле в веществе, сила Ампера",
    "сборник задач, решение задач из сборника, пример, условие, оценка времени работы",
    "программирование на C++ и Python, базы данных, SQL, алгоритмы сортировки, код",
    "Econometrics: class notes on the linear regression model, error terms, variance",
    "calculus: the integral, limits of functions, series and their convergence, set, sum",
    "студенты, студентам, сети, выборка студентов, план лекции, описание времени",
    "алгебра логики, функции, пространство, преобразование, распределение, уравнение",
    "экзаменационные билеты по программированию, теорема Пифагора, характеристики",
)


class StubWords:
    """Documents as sets of stems."""

    def __init__(self, texts: Iterable[str] = TEXTS) -> None:
        self._documents = [{stem for stem in stems(text) if stem} for text in texts]
        self.questions = 0

    def count_documents(self, wordings: Iterable[tuple[str, ...]]) -> list[int]:
        self.questions += 1
        return [sum(set(w) <= document for document in self._documents) for w in wordings]

    def similar_words(self, stem: str, edits: int, limit: int) -> list[SimilarWord]:
        self.questions += 1
        known = set().union(*self._documents) - {stem}
        near = [(OSA.distance(stem, other), other) for other in known]
        counts = self.count_documents((other,) for _, other in near)
        found = [
            SimilarWord(other, away, count)
            for (away, other), count in zip(near, counts, strict=True)
            if away <= edits
        ]
        return sorted(found, key=lambda word: (word.edits, -word.documents))[:limit]


def meant(text: str, literal: Iterable[str] = (), exact: bool = False) -> Understood:
    """Return what the stub library's search takes the text for."""
    return understand(text, StubWords(), NAMES, literal=frozenset(literal), exact=exact)


def wordings(text: str) -> list[str]:
    """Return the stems of each wording of the text, the first one first."""
    return [" ".join(wording.query.terms) for wording in meant(text).wordings]
