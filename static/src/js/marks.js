// Marks found words in a piece of the page. Terms are stems: a word is marked when it begins
// with one and goes on for no more than an ending.
const WORD = /[\p{L}\p{N}]+(?:[-\u00AD]\n\p{L}+)*/gu;
const LONGEST_ENDING = 5;
const BLOCK = "P, LI, TD, TH, H1, H2, H3, H4, H5, H6, BR, TR, SECTION, DIV";

const fold = (word) => word.replace(/[-\u00AD]\n/g, "").toLowerCase().replaceAll("ё", "е");

/** Makes a test for words from stems such as ["интеграл", "studi"]. */
export function termTest(terms) {
  const stems = terms.map(fold).filter(Boolean);
  for (const stem of [...stems]) {
    if (/[a-z]i$/.test(stem)) {
      stems.push(`${stem.slice(0, -1)}y`);
    }
  }
  return (word) => {
    const folded = fold(word);
    return stems.some((stem) =>
      stem.length < 3
        ? folded === stem
        : folded.startsWith(stem) && folded.length - stem.length <= LONGEST_ENDING,
    );
  };
}

/** The text of `root` as one string, and where in it each text node begins. */
function flatten(root) {
  const nodes = [];
  let text = "";
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.TEXT_NODE) {
      nodes.push({ node, start: text.length });
      text += node.data;
    } else if (node.matches(BLOCK) && !text.endsWith("\n")) {
      text += "\n";
    }
  }
  return { nodes, text };
}

function wrap(node, from, to) {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, to);
  range.surroundContents(document.createElement("mark"));
}

/** Wraps the words in <mark>, also words that run over several text nodes. Returns their number. */
export function markTerms(root, isTerm) {
  const { nodes, text } = flatten(root);
  const spans = [...text.matchAll(WORD)]
    .filter((match) => isTerm(match[0]))
    .map((match) => [match.index, match.index + match[0].length]);
  // From the end, so that the places before keep their offsets.
  let last = spans.length - 1;
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const { node, start } = nodes[at];
    const end = start + node.data.length;
    while (last > 0 && spans[last][0] >= end) {
      last -= 1;
    }
    for (let i = last; i >= 0 && spans[i][1] > start; i -= 1) {
      const from = Math.max(spans[i][0] - start, 0);
      const to = Math.min(spans[i][1], end) - start;
      if (to > from) {
        wrap(node, from, to);
      }
    }
  }
  return spans.length;
}

export function markAll(root) {
  for (const element of root.querySelectorAll("[data-mark-terms]")) {
    const terms = JSON.parse(element.dataset.markTerms);
    if (terms.length) {
      markTerms(element, termTest(terms));
    }
  }
}
