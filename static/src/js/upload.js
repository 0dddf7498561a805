// The upload form: drop zone, checks before sending, what a name tells, progress while sending.
import htmx from "htmx.org/dist/htmx.esm.js";

const TITLE_FROM_NAME = /\.[^.]+$/;

/** Bytes as the server writes them: in steps of 1024, with its names of the units. */
function formatSize(bytes, units) {
  let value = bytes;
  let power = 0;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1024;
    power += 1;
  }
  const number = new Intl.NumberFormat(document.documentElement.lang, {
    maximumFractionDigits: value < 10 ? 1 : 0,
  });
  return `${number.format(value)}\u00A0${units[power]}`;
}

/** A sentence about what is wrong with the file, or "" (the server judges again, by content). */
function complaint(zone, file) {
  if (file.size === 0) {
    return zone.dataset.empty;
  }
  if (file.size > Number(zone.dataset.maxBytes)) {
    return zone.dataset.tooLarge;
  }
  return /\.(pdf|docx|mp4)$/i.test(file.name) ? "" : zone.dataset.wrongType;
}

function showFile(zone) {
  const input = zone.querySelector('input[type="file"]');
  const file = input.files[0];
  const wrong = file ? complaint(zone, file) : "";
  const name = zone.querySelector("[data-file-name]");
  input.setCustomValidity(wrong);
  const units = JSON.parse(zone.dataset.units);
  name.textContent = file ? `${file.name} · ${formatSize(file.size, units)}` : "";
  zone.parentElement.querySelector("[data-file-error]").textContent = wrong;
  const title = zone.closest("form").elements.namedItem("title");
  if (file && !wrong && title && !title.value) {
    title.value = file.name.replace(TITLE_FROM_NAME, "").replaceAll("_", " ").slice(0, 200);
  }
}

/** Has the server fill in semester and year as the names tell them; what a person chose stands. */
function askHints(form) {
  const row = form?.querySelector("[data-hints]");
  if (!row || "chosen" in row.dataset) {
    return;
  }
  const value = (name) => form.elements.namedItem(name).value;
  const file = form.elements.namedItem("file").files[0]?.name ?? "";
  const text = `${value("title")} ${file.replace(TITLE_FROM_NAME, "")}`.trim();
  if (text && !(value("semester") && value("year"))) {
    const values = { text, semester: value("semester"), year: value("year") };
    htmx.ajax("GET", row.dataset.hints, { target: row, swap: "outerHTML", values });
  }
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-drop]");
  if (zone && event.target.type === "file") {
    showFile(zone);
  }
  const row = event.target.closest("[data-hints]");
  if (row) {
    row.dataset.chosen = "";
  } else if (zone || event.target.name === "title") {
    askHints(event.target.form);
  }
});

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (zone) {
      // The file input covers the zone and takes the drop; only the look is ours.
      zone.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    } else if (document.querySelector("[data-drop]") && name !== "dragenter") {
      // Beside the zone a dropped file would replace the page and what was typed.
      event.preventDefault();
    }
  });
}

let sending = false;

const uploadForm = (event) => event.target.closest?.("form[data-upload]");

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = uploadForm(event);
  if (form && event.target === form) {
    sending = true;
    form.querySelector("[data-sending]").hidden = false;
  }
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = uploadForm(event);
  if (!form || !event.detail.lengthComputable) {
    return;
  }
  const percent = Math.floor((100 * event.detail.loaded) / event.detail.total);
  form.querySelector("[data-sending] progress").value = percent;
  form.querySelector("[data-percent]").textContent = `${percent} %`;
  form.querySelector("[data-sending-text]").textContent =
    form.dataset[percent < 100 ? "textSending" : "textChecking"];
});

// beforeOnLoad comes before a redirect, which must not ask whether to leave the page.
for (const name of ["htmx:beforeOnLoad", "htmx:afterRequest"]) {
  document.addEventListener(name, (event) => {
    const form = uploadForm(event);
    if (form && event.target === form) {
      sending = false;
      form.querySelector("[data-sending]").hidden = true;
    }
  });
}

window.addEventListener("beforeunload", (event) => {
  if (sending) {
    event.preventDefault();
  }
});
