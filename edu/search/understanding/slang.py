"""What students everywhere call subjects, whether or not somebody has entered it here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from edu.search.analysis import stems
from edu.search.understanding.meaning import NameGroup

COMMON_NAMES: tuple[NameGroup, ...] = (
    ("математический анализ", "матанализ", "матан"),
    ("линейная алгебра", "линал"),
    ("аналитическая геометрия", "ангем", "аналгем"),
    ("высшая математика", "вышмат"),
    ("дискретная математика", "дискретка", "дискра"),
    ("математическая логика", "матлогика", "матлог"),
    ("дифференциальные уравнения", "диффуры", "дифуры"),
    ("теория вероятностей", "теорвер", "тервер"),
    ("математическая статистика", "матстатистика", "матстат"),
    ("функциональный анализ", "функан"),
    ("теория функций комплексного переменного", "тфкп"),
    ("уравнения математической физики", "урматфиз", "умф"),
    ("вычислительная математика", "вычмат"),
    ("теоретическая механика", "теормех", "термех"),
    ("сопротивление материалов", "сопромат"),
    ("начертательная геометрия", "начерталка"),
    ("теоретические основы электротехники", "тоэ"),
    ("алгоритмы и структуры данных", "аисд"),
    ("базы данных", "бд"),
    ("безопасность жизнедеятельности", "бжд"),
    ("физическая культура", "физра"),
)


def add_common_names(groups: Iterable[NameGroup]) -> tuple[NameGroup, ...]:
    """Return the groups of the catalogue with what else their subjects are called, and after them
    the subjects that it does not have.
    """
    return _add_common_names(tuple(groups))


@lru_cache(maxsize=4)
def _add_common_names(groups: tuple[NameGroup, ...]) -> tuple[NameGroup, ...]:
    left = {_key(name): common for common in COMMON_NAMES for name in common}
    found: list[NameGroup] = []
    for group in groups:
        more = {common: None for name in group if (common := left.get(_key(name)))}
        found.append(tuple(dict.fromkeys((*group, *(name for each in more for name in each)))))
    taken = {_key(name) for group in groups for name in group}
    found += [each for each in COMMON_NAMES if not taken.intersection(map(_key, each))]
    return tuple(found)


def _key(name: str) -> tuple[str, ...]:
    return tuple(stems(name))
