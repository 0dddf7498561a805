// The filters of the search page stay open when a choice replaces them. Opened before the swap: htmx
// gives the focus back while it swaps, and nothing inside a closed <details> can take it.
const CLOSED = '<details class="filters">';

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (document.querySelector("details.filters[open]")) {
    detail.serverResponse = detail.serverResponse.replace(CLOSED, CLOSED.replace(">", " open>"));
  }
});
