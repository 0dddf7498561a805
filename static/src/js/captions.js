// The transcript beside a video: its lines lead into the video, and the one being said is marked.
import { markTerms, termTest } from "./marks.js";

const BOX = "[data-transcript]";

// A line that was clicked keeps the focus, a finger leaves `:hover` behind: neither holds the list.
const KEYS = ":focus-visible, :has(:focus-visible)";
const HELD = matchMedia("(hover: hover)").matches ? `:hover, ${KEYS}` : KEYS;
const LET_GO_MS = 4000; // after a finger has moved the list

// Words of a search, also in lines that come later.
function mark(box, elements) {
  const terms = JSON.parse(box.querySelector("[data-mark-terms]").dataset.markTerms);
  if (terms.length) {
    const isTerm = termTest(terms);
    elements.forEach((element) => markTerms(element, isTerm));
  }
}

// Moves the list alone, never the page, and not from under a hand.
function show(list, link) {
  if (!list.matches(HELD)) {
    list.scrollTop = link.offsetTop - list.clientHeight / 3;
  }
}

export function openTranscript(video, goTo) {
  let links = [];
  let now;
  let touched = -LET_GO_MS;
  const arrived = new Set();

  const note = () => {
    // A key frame may lie a little before the second that was asked for.
    const time = Math.max(video.currentTime, video.played.length ? 0 : Number(video.dataset.begin));
    const said = links.findLast((link) => Number(link.dataset.second) <= time + 0.3);
    if (said === now) {
      return;
    }
    now?.removeAttribute("aria-current");
    said?.setAttribute("aria-current", "true");
    now = said;
    if (said && performance.now() - touched > LET_GO_MS) {
      show(said.closest("ol"), said);
    }
  };

  // Each line is told of by itself; when all have come, the list is gone through once.
  const takeIn = () => {
    const box = document.querySelector(BOX);
    mark(box, arrived);
    arrived.clear();
    links = [...box.querySelectorAll("a[data-second]")];
    note();
  };

  document.addEventListener("htmx:load", ({ target }) => {
    if (target.closest?.(BOX)) {
      if (!arrived.size) {
        queueMicrotask(takeIn);
      }
      arrived.add(target);
    }
  });
  const touch = ({ target }) => {
    if (target.closest?.(BOX)) {
      touched = performance.now();
    }
  };
  document.addEventListener("touchmove", touch, { passive: true });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(`${BOX} a[data-second]`);
    if (link) {
      goTo(event, link);
    }
  });
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) {
    video.addEventListener(name, note);
  }
}
