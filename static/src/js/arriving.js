// One file on its way to the server: pieces by the tus protocol, progress, pause, cancel.
import { Upload, defaultOptions } from "tus-js-client/lib/browser/index.js";
import { formatSize } from "./sizes.js";

const PIECE_BYTES = 5 * 1024 * 1024;
const AT_ONCE = 3;
const RETRY_MS = [0, 1000, 2000, 3000, 5000, 10000, 20000, 30000, 60000, 60000, 60000, 60000];
const SPEED_OVER_MS = 5000;
const SHOW_EVERY_MS = 200;
const SPOKEN_STEP = 25; // per cent between two announcements

const running = new Set();
const waiting = [];

function startNext() {
  while (running.size < AT_ONCE && waiting.length) {
    waiting.shift().begin();
  }
}

const number = (value, options) =>
  new Intl.NumberFormat(document.documentElement.lang, options).format(value);

/** Seconds as a person says them: the largest unit alone. */
function formatTime(seconds) {
  const [unit, length] = [["hour", 3600], ["minute", 60], ["second", 1]].find(
    ([name, size]) => seconds >= size || name === "second",
  );
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 };
  return number(Math.max(1, Math.round(seconds / length)), style);
}

/** What the server says of its refusal, in the person's language. */
function sentence(error) {
  try {
    return JSON.parse(error.originalResponse.getBody()).detail ?? "";
  } catch {
    return "";
  }
}

/** A broken line, a busy or restarting server: worth another try. */
function isPassing(error) {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status === 0 || status >= 500 || [409, 423, 460].includes(status);
}

/** The row of a file in the list, and what it does. States are named in the list's data-text-…. */
export class Arriving {
  constructor(file, list, endpoint, onChange) {
    this.file = file;
    this.list = list;
    this.onChange = onChange;
    this.samples = [];
    this.spoken = 0;
    this.node = list.querySelector("template").content.firstElementChild.cloneNode(true);
    this.part = (name) => this.node.querySelector(`[data-${name}]`);
    this.upload = this.makeUpload(endpoint);
    this.part("name").textContent = file.name;
    this.node.querySelector("progress").ariaLabel = file.name;
    for (const name of ["pause", "resume", "cancel"]) {
      const button = this.part(name);
      button.ariaLabel = `${button.textContent.trim()}: ${file.name}`;
      button.addEventListener("click", () => this[name]());
    }
    list.querySelector("ul").append(this.node);
    this.queue();
  }

  makeUpload(endpoint) {
    return new Upload(this.file, {
      endpoint,
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_MS,
      headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
      metadata: { filename: this.file.name, filetype: this.file.type },
      onShouldRetry: (error) => {
        const passing = isPassing(error);
        if (passing && this.isMoving) {
          this.show(navigator.onLine ? "again" : "offline");
        }
        return passing;
      },
      onProgress: (sent, total) => this.progress(sent, total),
      onSuccess: () => this.arrive(),
      onError: (error) => this.fail(isPassing(error) ? "" : sentence(error)),
    });
  }

  /** The id of the upload on the server. */
  get id() {
    return this.upload.url.split("/").pop();
  }

  get isMoving() {
    return ["waiting", "sending", "again", "offline"].includes(this.state);
  }

  get isOver() {
    return ["posted", "refused", "cancelled"].includes(this.state);
  }

  queue() {
    waiting.push(this);
    this.show("waiting");
    startNext();
  }

  async begin() {
    running.add(this);
    this.samples = [];
    this.show("sending");
    if (!this.upload.url) {
      const [last] = (await this.upload.findPreviousUploads()).sort((a, b) =>
        b.creationTime.localeCompare(a.creationTime),
      );
      if (last) {
        this.upload.resumeFromPreviousUpload(last);
      }
    }
    if (this.state === "sending") {
      this.upload.start();
    }
  }

  rest() {
    running.delete(this);
    if (waiting.includes(this)) {
      waiting.splice(waiting.indexOf(this), 1);
    }
    startNext();
  }

  pause() {
    this.upload.abort();
    this.show("paused");
    this.rest();
    this.part("resume").focus();
  }

  resume() {
    this.queue();
    this.part("pause").focus();
  }

  async cancel() {
    this.node.remove();
    this.show("cancelled");
    this.rest();
    // A server that does not answer forgets it by itself, in a day.
    await this.upload.abort(true).catch(() => {});
    this.forget();
  }

  arrive() {
    this.part("percent").textContent = number(1, { style: "percent" });
    this.node.querySelector("progress").value = 100;
    this.show("arrived");
    this.say(this.list.dataset.textArrived);
    this.rest();
  }

  fail(message) {
    this.show(message ? "failed" : "lost", message);
    this.rest();
  }

  /** The server has made a material of it, or takes it in no way. */
  finish(state, message = "") {
    this.show(state, message);
    this.forget();
  }

  /** The next upload of the same file is a new one. */
  async forget() {
    const { urlStorage } = defaultOptions;
    for (const entry of await urlStorage.findAllUploads()) {
      if (entry.uploadUrl === this.upload.url) {
        urlStorage.removeUpload(entry.urlStorageKey);
      }
    }
  }

  progress(sent, total) {
    if (!this.isMoving) {
      return; // the last words of a request that has been stopped
    }
    const now = performance.now();
    if (this.state !== "sending") {
      this.show("sending");
    }
    if (sent < total && now - (this.samples.at(-1)?.now ?? 0) < SHOW_EVERY_MS) {
      return;
    }
    this.samples = [...this.samples.filter((each) => now - each.now < SPEED_OVER_MS), { now, sent }];
    const share = sent / total;
    this.node.querySelector("progress").value = 100 * share;
    this.part("percent").textContent = number(share, { style: "percent" });
    this.showSpeed(sent, total);
    if (100 * share >= this.spoken + SPOKEN_STEP) {
      this.spoken = Math.floor((100 * share) / SPOKEN_STEP) * SPOKEN_STEP;
      this.say(number(share, { style: "percent" }));
    }
  }

  showSpeed(sent, total) {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const speed = ((last.sent - first.sent) * 1000) / (last.now - first.now);
    if (speed > 0) {
      const units = JSON.parse(this.list.dataset.units);
      const perSecond = this.list.dataset.textSpeed.replace("{size}", formatSize(speed, units));
      const left = formatTime((total - sent) / speed);
      this.part("speed").textContent = perSecond;
      this.part("left").textContent = this.list.dataset.textLeft.replace("{time}", left);
    }
  }

  show(state, message = "") {
    this.state = this.node.dataset.state = state;
    const { list } = this;
    const key = `text${state[0].toUpperCase()}${state.slice(1)}`;
    this.part("state-text").textContent = message || (list.dataset[key] ?? "");
    this.part("pause").hidden = !this.isMoving;
    this.part("resume").hidden = !["paused", "lost", "failed"].includes(state);
    this.part("cancel").hidden = ["posting", "posted"].includes(state);
    if (state !== "sending") {
      this.part("speed").textContent = this.part("left").textContent = "";
    }
    if (["failed", "lost", "refused"].includes(state)) {
      this.say(this.part("state-text").textContent);
    }
    this.onChange(this);
  }

  say(text) {
    this.list.querySelector("[role=status]").textContent = `${this.file.name}: ${text}`;
  }
}

// The line is back: do not wait for the next try.
window.addEventListener("online", () => {
  for (const row of running) {
    if (["again", "offline"].includes(row.state)) {
      row.upload.abort();
      row.upload.start();
    }
  }
});
