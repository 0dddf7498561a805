"""Formulas of a DOCX on one line."""

from __future__ import annotations

import pytest
from docx.oxml import parse_xml

from edu.media.formulas import linear_formula

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def part(name: str, inside: str) -> str:
    return f"<m:{name}>{inside}</m:{name}>"


def script(kind: str, base: str, **parts: str) -> str:
    inside = "".join(part(name, run(text)) for name, text in parts.items())
    return part(kind, part("e", run(base)) + inside)


def linear(inside: str) -> str:
    return linear_formula(parse_xml(f"<m:oMath {M} {W}>{inside}</m:oMath>"))


def fraction(above: str, below: str) -> str:
    return part("f", part("num", run(above)) + part("den", run(below)))


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (fraction("s", "t"), "s/t"),
        (fraction("a+b", "2c"), "(a+b)/2c"),
        (fraction("f(x)", "g(x)"), "f(x)/g(x)"),
        (fraction("(a)+(b)", "c"), "((a)+(b))/c"),
        (script("sSup", "x", sup="2"), "x^2"),
        (script("sSup", "x+y", sup="n-1"), "(x+y)^(n-1)"),
        (script("sSub", "a", sub="ij"), "a_ij"),
        (script("sSubSup", "x", sub="i", sup="2"), "x_i^2"),
        (script("rad", "x+1"), "√(x+1)"),
        (part("rad", part("deg", run("3")) + part("e", run("x"))), "√[3](x)"),
        (
            part("nary", '<m:naryPr><m:chr m:val="∑"/></m:naryPr>')[:-9]
            + part("sub", run("i=1"))
            + part("sup", run("n"))
            + part("e", run("a"))
            + "</m:nary>",
            "∑_(i=1)^n a",
        ),
        (part("nary", part("sub", run("0")) + part("e", run("f dx"))), "∫_0 f dx"),
        (
            part("func", part("fName", run("sin")) + part("e", run("x"))) + run("+1"),
            "sin x +1",
        ),
        (
            part("limLow", part("e", run("lim")) + part("lim", run("x→0"))) + run(" x"),
            "lim_(x→0) x",
        ),
        (part("d", part("e", run("a")) + part("e", run("b"))), "(a|b)"),
        (
            part(
                "d",
                '<m:dPr><m:begChr m:val="{"/><m:endChr m:val=""/></m:dPr>'
                + part("e", part("eqArr", part("e", run("x=1")) + part("e", run("y&amp;=2")))),
            ),
            "{x=1; y=2",
        ),
        (
            part(
                "m",
                part("mr", part("e", run("1")) + part("e", run("2")))
                + part("mr", part("e", run("3")) + part("e", run("4"))),
            ),
            "1, 2; 3, 4",
        ),
        (part("acc", part("e", run("y"))), "y\u0302"),
        (run("a\u2061b"), "ab"),
        ("<w:del>" + run("gone") + "</w:del>" + run("stays"), "stays"),
    ],
)
def test_formula_reads_as_people_type_it(inside: str, text: str) -> None:
    assert linear(inside) == text


def test_formulas_of_a_paragraph_stand_side_by_side() -> None:
    two = part("oMath", run("a=1")) + part("oMath", run("b=2"))
    assert linear_formula(parse_xml(f"<m:oMathPara {M}>{two}</m:oMathPara>")) == "a=1 b=2"
