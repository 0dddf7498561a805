"""What every page owes to everybody: names for controls, one heading, no sideways scrolling."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Returns sentences about what is wrong.
_FAULTS = r"""
() => {
  const faults = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true });
  const tell = (e) => e.outerHTML.slice(0, 160);
  const text = (e) => e.getAttribute("aria-label") || e.textContent.trim() || e.title ||
    (e.getAttribute("aria-labelledby") || "").split(" ").some((id) => document.getElementById(id));
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const labelled = [...(e.labels ?? [])].some((label) => label.textContent.trim());
    if (!labelled && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) {
      faults.push(`control without a label: ${tell(e)}`);
    }
  }
  for (const e of document.querySelectorAll("img:not([alt])")) {
    faults.push(`picture without alt: ${tell(e)}`);
  }
  for (const e of document.querySelectorAll("button, a[href], summary")) {
    if (shown(e) && !text(e) && !e.querySelector("[aria-label], img[alt]:not([alt=''])") &&
        e.getAttribute("aria-hidden") !== "true") {
      faults.push(`control without a name: ${tell(e)}`);
    }
  }
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) {
    faults.push(`${headings} h1`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) {
    faults.push(`id twice: ${id}`);
  }
  for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    for (const name of ["aria-describedby", "aria-labelledby"]) {
      for (const id of (e.getAttribute(name) || "").split(/\s+/).filter(Boolean)) {
        if (!document.getElementById(id)) {
          faults.push(`${name} names nothing: ${id}`);
        }
      }
    }
  }
  if (!document.documentElement.lang) {
    faults.push("no language");
  }
  if (!document.title.trim()) {
    faults.push("no title");
  }
  return faults;
}
"""

_TOO_WIDE = r"""
() => {
  const room = window.innerWidth;
  if (document.documentElement.scrollWidth <= room) {
    return [];
  }
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > room + 1)
    .slice(0, 5)
    .map((e) => `${document.documentElement.scrollWidth} > ${room}: ${e.outerHTML.slice(0, 120)}`);
}
"""

# WCAG AA: 4.5:1, 3:1 for large letters. Only plain colours on plain backgrounds are judged.
_CONTRAST = r"""
() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map();  // reading a pixel back costs more than all the rest
  const rgba = (colour) => {
    if (!known.has(colour)) {
      known.set(colour, painted(colour));
    }
    return known.get(colour);
  };
  const painted = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const background = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none" || Number(style.opacity) < 1) {
        return null;
      }
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0.99) {
        return colour;
      }
      if (colour[3] > 0.01) {
        const below = at.parentElement && background(at.parentElement);
        return below && [...over(colour, below), 1];
      }
    }
    return rgba(getComputedStyle(document.documentElement).backgroundColor);
  };
  const faults = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    const skip = "script, style, noscript, option, .pdf-text *, .visually-hidden, :disabled";
    if (!walker.currentNode.data.trim() || e.closest(skip) || !e.checkVisibility()) {
      continue;
    }
    const style = getComputedStyle(e);
    const behind = background(e);
    if (!behind || behind[3] < 0.99) {
      continue;
    }
    const ink = rgba(style.color);
    const [a, b] = [light([...over(ink, behind), 1]), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.05) {
      faults.add(`contrast ${ratio.toFixed(2)}: ${e.className || e.tagName} "${
        walker.currentNode.data.trim().slice(0, 30)}"`);
    }
  }
  return [...faults].slice(0, 8);
}
"""


def find_faults(page: Page, *, contrast: bool = True) -> list[str]:
    """Sentences about what is wrong with the page as it stands; empty when nothing is."""
    found: list[Any] = [*page.evaluate(_FAULTS), *page.evaluate(_TOO_WIDE)]
    if contrast:
        found += page.evaluate(_CONTRAST)
    return [str(fault) for fault in found]
