// The assistant's page: the form, and answers that grow while they are read.
const AT_END = 160; // px from the end of the page: who is so near follows what is written
const FAILURES = 3; // polls in vain until it is said

const touches = matchMedia("(pointer: coarse)");
const growsItself = CSS.supports("field-sizing", "content");

// The form -----------------------------------------------------------------------------------

const field = () => document.querySelector("#ask-text");

function fit(area) {
  if (!growsItself) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }
}

function count(area) {
  const told = area.form.querySelector("[data-ask-count]");
  told.dataset.usual ??= told.textContent;
  const near = area.value.length > area.maxLength * 0.8;
  told.textContent = near ? `${area.value.length} / ${area.maxLength}` : told.dataset.usual;
  told.classList.toggle("is-near", near);
}

document.addEventListener("input", ({ target }) => {
  if (target.matches("#ask-text")) {
    fit(target);
    count(target);
  }
});

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
  if (key !== "Enter" || !target.matches("#ask-text") || event.isComposing || !plain) {
    return;
  }
  if (touches.matches) {
    return;
  }
  event.preventDefault();
  if (target.value.trim() && !target.form.querySelector("button").disabled) {
    target.form.requestSubmit();
  }
});

// A question is sent once, however often the button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once], [data-ask]:not([hx-post])")) {
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
  }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) {
    delete form.dataset.sent;
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.elt.matches("[data-ask]") && detail.successful) {
    const area = field();
    area.value = "";
    fit(area);
    count(area);
    area.focus();
  }
});

// Answers that grow --------------------------------------------------------------------------

const page = document.scrollingElement;
const fromEnd = () => page.scrollHeight - window.innerHeight - window.scrollY;
let follows = false;

// At most until the question stands at the top: what comes after it is read from its beginning.
function follow(turn) {
  const margin = parseFloat(getComputedStyle(turn).scrollMarginTop) || 0;
  const top = turn.getBoundingClientRect().top + window.scrollY - margin;
  const end = page.scrollHeight - window.innerHeight;
  if (Math.min(top, end) > window.scrollY) {
    window.scrollTo({ top: Math.min(top, end), behavior: "instant" });
  }
}

const isPoll = (detail) => detail.requestConfig?.elt.matches("[data-growing]");

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  follows = fromEnd() < AT_END;
  if (!isPoll(detail) || detail.xhr.status < 400) {
    return;
  }
  detail.shouldSwap = false;
  if ([401, 403, 404].includes(detail.xhr.status)) {
    window.location.reload(); // deleted elsewhere, or signed out: the page says which
  } else {
    failed(detail.requestConfig.elt);
  }
});

function failed(poll) {
  poll.dataset.failures = Number(poll.dataset.failures ?? 0) + 1;
  poll.querySelector("[data-lost]").hidden = poll.dataset.failures < FAILURES;
}

document.addEventListener("htmx:sendError", ({ target }) => {
  if (target.matches?.("[data-growing]")) {
    failed(target);
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (isPoll(detail) && detail.xhr.status && detail.xhr.status < 400) {
    delete detail.requestConfig.elt.dataset.failures;
    detail.requestConfig.elt.querySelector("[data-lost]").hidden = true;
  }
});

// What has begun or grown is seen by whoever is at the end; nobody else is moved.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const swapped = detail.elt;
  const turn = swapped.matches("#turns") ? swapped.lastElementChild : swapped.closest?.(".turn");
  if (turn && (follows || swapped.matches("#turns"))) {
    follow(turn);
  }
});

// The button that stopped it is gone with it: the focus stays in the turn.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const turn = detail.target.closest?.(".turn");
  if (turn && detail.shouldSwap) {
    const held = detail.target.contains(document.activeElement) && document.activeElement.id;
    if (held) {
      queueMicrotask(() => document.getElementById(held) ?? turn.focus({ preventScroll: true }));
    }
  }
});

function onReady() {
  const area = field();
  if (area) {
    fit(area);
    count(area);
    if (!touches.matches && !window.location.hash && !document.querySelector(".turn")) {
      area.focus();
    }
  }
  const turns = document.querySelectorAll(".turn");
  if (turns.length > 1 && !window.location.hash) {
    turns[turns.length - 1].scrollIntoView();
  }
}

onReady();
