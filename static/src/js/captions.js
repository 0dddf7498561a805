// The transcript beside a video: its lines lead into the video, and the one being said is marked.
import { markTerms, termTest } from "./marks.js";

const BOX = "[data-transcript]";

// Words of a search, also in lines that come later.
function mark(element) {
  const list = element.closest(BOX).querySelector("[data-mark-terms]");
  const terms = JSON.parse(list.dataset.markTerms);
  if (terms.length) {
    markTerms(element, termTest(terms));
  }
}

// Moves the list alone, never the page, and not from under a hand.
function show(list, link) {
  if (!list.matches(":hover, :focus-within")) {
    list.scrollTop = link.offsetTop - list.clientHeight / 3;
  }
}

export function openTranscript(video, goTo) {
  let links = [];
  let now;

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
    if (said) {
      show(said.closest("ol"), said);
    }
  };

  document.addEventListener("htmx:load", ({ target }) => {
    const box = target.closest?.(BOX);
    if (box) {
      mark(target);
      links = [...box.querySelectorAll("a[data-second]")];
      note();
    }
  });
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
