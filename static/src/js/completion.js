// Suggestions below each [data-search-field] while one types: the combobox pattern of the ARIA
// practices. Without this script the field is a plain one, and nothing is lost.
import { showMessage } from "./toasts.js";

const DELAY_MS = 150;
const SHORTEST = 2; // letters that are worth asking for
const LINGER_MS = 1000;
const boxes = new WeakMap();
let count = 0;

class Combobox {
  constructor(field) {
    this.field = field;
    this.panel = document.createElement("div");
    this.panel.className = "completions-panel";
    this.panel.hidden = true;
    this.listId = `completions-${(count += 1)}`;
    this.asked = null; // what the panel shows, or is about to
    this.active = -1;
    this.called = false; // whether somebody opened the panel or went into it with the arrows
    this.covering = false; // whether results came while one typed: they are below the panel
    (field.closest(".search-field") ?? field.parentElement).append(this.panel);
    const marks = { role: "combobox", "aria-autocomplete": "list", "aria-haspopup": "listbox" };
    for (const [name, value] of Object.entries({ ...marks, "aria-expanded": "false" })) {
      field.setAttribute(name, value);
    }
    field.addEventListener("input", () => this.onInput());
    field.addEventListener("keydown", (event) => this.onKey(event));
    field.addEventListener("blur", () => this.close());
    field.form?.addEventListener("submit", () => this.close());
    // The field keeps the focus, whatever is pressed in the panel.
    this.panel.addEventListener("pointerdown", (event) => event.preventDefault());
    this.panel.addEventListener("mousedown", (event) => event.preventDefault());
    this.panel.addEventListener("click", (event) => this.onClick(event));
    this.panel.addEventListener("pointerleave", () => this.linger());
    boxes.set(field, this);
  }

  get options() {
    return [...this.panel.querySelectorAll('[role="option"]')];
  }

  onInput() {
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    this.called = this.covering = false;
    const text = this.field.value.trim();
    if (text === this.asked) {
      return;
    }
    this.request?.abort();
    this.asked = null;
    if (text.length < SHORTEST) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(text), DELAY_MS);
  }

  /** Fetches what fits the text and shows it; only the last question is answered. */
  async ask(text) {
    this.request?.abort();
    const request = new AbortController();
    this.request = request;
    this.asked = text;
    try {
      const address = `/search/complete?${new URLSearchParams({ q: text })}`;
      const answer = await fetch(address, { signal: request.signal });
      const html = answer.ok ? await answer.text() : "";
      if (this.request === request && document.activeElement === this.field) {
        this.show(html);
      }
    } catch {
      // Without suggestions one can search all the same.
      if (this.request === request) {
        this.asked = null;
      }
    }
  }

  show(html) {
    this.panel.innerHTML = html;
    const options = this.options;
    const list = this.panel.querySelector('[role="listbox"]');
    if (!list || !options.length) {
      this.hide();
      return;
    }
    list.id = this.listId;
    options.forEach((option, number) => {
      option.id = `${this.listId}-${number}`;
    });
    this.field.setAttribute("aria-controls", this.listId);
    this.field.setAttribute("aria-expanded", "true");
    this.panel.hidden = false;
    this.mark(-1);
    this.linger();
  }

  /** What was typed has been found, too, below the field. */
  onResults() {
    this.covering = true;
    this.linger();
  }

  /** Leaves the results free in a moment, unless somebody is in the list. */
  linger() {
    clearTimeout(this.leaving);
    // A finger neither hovers nor calls the list again with an arrow key.
    if (this.covering && !this.called && !matchMedia("(hover: none)").matches) {
      this.leaving = setTimeout(() => this.leave(), LINGER_MS);
    }
  }

  leave() {
    if (this.active < 0 && !this.panel.matches(":hover")) {
      this.close();
    }
  }

  hide() {
    this.panel.hidden = true;
    this.active = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    this.field.removeAttribute("aria-controls");
  }

  /** Hides the panel, and whatever is on its way to it. */
  close() {
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    this.request?.abort();
    this.request = null;
    this.asked = null;
    this.hide();
  }

  mark(number) {
    this.active = number;
    this.options.forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === number));
    });
    const option = this.options[number];
    if (option) {
      this.field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.field.removeAttribute("aria-activedescendant");
    }
  }

  onKey(event) {
    const open = !this.panel.hidden;
    const last = this.options.length - 1;
    if (event.isComposing || event.ctrlKey || event.metaKey) {
      return;
    }
    if (!open) {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        this.called = true;
        this.ask(this.field.value.trim()); // of an empty field: what one has searched for before
      }
      return;
    }
    const active = this.active;
    const moves = {
      ArrowDown: active < last ? active + 1 : -1,
      ArrowUp: active < 0 ? last : active - 1,
      ...(active >= 0 && { Home: 0, End: last }),
    };
    if (event.key in moves) {
      event.preventDefault();
      this.called = true;
      this.mark(moves[event.key]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a second press empties the field, as it always does
      this.close();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      this.options[active].click();
    } else if (event.key === "Delete" && active >= 0) {
      const forget = this.options[active].parentElement.querySelector("[data-forget]");
      if (forget) {
        event.preventDefault();
        forget.click();
      }
    }
  }

  onClick(event) {
    const forget = event.target.closest("[data-forget]");
    const option = event.target.closest("[role=option]");
    if (forget) {
      this.forget(forget);
    } else if (option?.dataset.query !== undefined && !event.ctrlKey && !event.metaKey) {
      event.preventDefault(); // in the form the filters stay as they are
      this.field.value = option.dataset.query;
      this.close();
      this.field.form.requestSubmit();
    } else if (option) {
      this.close(); // the link does the rest
    }
  }

  async forget(button) {
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    const headers = { "HX-Request": "true", "X-CSRFToken": token };
    const asked = this.asked ?? this.field.value.trim();
    try {
      await fetch(button.dataset.forget, { method: "POST", headers });
      await this.ask(asked);
    } catch {
      showMessage("offline");
    }
  }
}

function equip(root) {
  for (const field of root.querySelectorAll("[data-search-field]:not([role])")) {
    new Combobox(field);
  }
}

equip(document);
// A field that finds while one types shows its results where the panel is.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  boxes.get(detail.requestConfig?.elt)?.onResults();
});
document.addEventListener("htmx:load", (event) => equip(event.target)); // such as history restored
