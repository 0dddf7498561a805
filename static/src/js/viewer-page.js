// One page of the viewer: a canvas, the selectable text over it, and the marks in that text.
import { TextLayer } from "pdfjs-dist/legacy/build/pdf.mjs";
import { markTerms } from "./marks.js";
import { layLinks } from "./viewer-links.js";

const MAX_PIXELS = 12_000_000;

export class PageView {
  constructor(viewer, number, guess) {
    this.viewer = viewer;
    this.number = number;
    this.size = { width: guess.width, height: guess.height };
    this.element = document.createElement("div");
    this.element.className = "pdf-page";
    this.element.dataset.number = number;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", `${viewer.root.dataset.labelPage} ${number}`);
    this.state = "empty";
  }

  resize(scale) {
    this.scale = scale;
    const { style } = this.element;
    style.width = `${Math.floor(this.size.width * scale)}px`;
    style.height = `${Math.floor(this.size.height * scale)}px`;
    style.setProperty("--total-scale-factor", scale);
  }

  clear() {
    this.task?.cancel();
    this.text?.cancel();
    // Width 0 gives the memory back at once, without waiting for the collector.
    for (const canvas of this.element.querySelectorAll("canvas")) {
      canvas.width = 0;
    }
    this.element.replaceChildren();
    this.page?.cleanup();
    this.state = "empty";
    this.drawnScale = 0;
  }

  async render() {
    if (this.drawnScale === this.scale) {
      return;
    }
    this.drawnScale = this.scale;
    try {
      this.page ??= await this.viewer.pdf.getPage(this.number);
      this.fitTrueSize();
      await this.draw();
      await this.layText();
    } catch (error) {
      if (error?.name !== "RenderingCancelledException" && error?.name !== "AbortException") {
        this.element.classList.add("is-broken");
        console.warn(`Page ${this.number}:`, error?.message ?? error);
      }
    }
  }

  /** Pages are laid out as big as the first one until they are known. */
  fitTrueSize() {
    const { width, height } = this.page.getViewport({ scale: 1 });
    if (Math.abs(width - this.size.width) > 1 || Math.abs(height - this.size.height) > 1) {
      this.size = { width, height };
      this.resize(this.scale);
    }
  }

  async draw() {
    this.task?.cancel();
    const viewport = this.page.getViewport({ scale: this.scale });
    const wanted = Math.min(window.devicePixelRatio || 1, 2);
    const most = Math.sqrt(MAX_PIXELS / (viewport.width * viewport.height));
    const ratio = Math.min(wanted, most);
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width * ratio);
    canvas.height = Math.floor(viewport.height * ratio);
    canvas.setAttribute("aria-hidden", "true");
    this.task = this.page.render({
      canvas,
      viewport,
      transform: ratio === 1 ? null : [ratio, 0, 0, ratio, 0, 0],
    });
    await this.task.promise;
    // The old picture stays, stretched, until the new one is complete: zooming does not flash.
    this.element.querySelector("canvas")?.remove();
    this.element.prepend(canvas);
    this.element.classList.add("is-drawn");
  }

  async layText() {
    if (this.element.querySelector(".pdf-text")) {
      return; // it scales by the custom property
    }
    const container = document.createElement("div");
    container.className = "pdf-text";
    this.text = new TextLayer({
      textContentSource: this.page.streamTextContent({ includeMarkedContent: false }),
      container,
      viewport: this.page.getViewport({ scale: this.scale }),
    });
    this.element.append(container);
    await this.text.render();
    await layLinks(this);
    if (this.viewer.isTerm) {
      markTerms(container, this.viewer.isTerm);
    }
    if (this.showFirstMark) {
      this.showFirstMark = false;
      this.viewer.revealMark(this);
    }
  }
}
