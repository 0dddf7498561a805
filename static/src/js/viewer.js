// The PDF viewer: finds <section data-pdf> and brings it to life.
import { GlobalWorkerOptions, getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { PageView } from "./viewer-page.js";
import { bindToolbar } from "./viewer-toolbar.js";
import { termTest } from "./marks.js";

const KEEP_RENDERED = 8;
const ZOOM_STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4];
const SIDE_GAP = 16;

class PdfViewer {
  constructor(root) {
    this.root = root;
    this.scroller = root.querySelector("[data-pdf-pages]");
    this.zoom = 1;
    this.current = 1;
    this.rendered = [];
    const terms = JSON.parse(root.dataset.terms || "[]");
    this.isTerm = terms.length ? termTest(terms) : null;
  }

  async open() {
    const assets = this.root.dataset.assets;
    const task = getDocument({
      url: this.root.dataset.src,
      cMapUrl: `${assets}cmaps/`,
      standardFontDataUrl: `${assets}standard_fonts/`,
      iccUrl: `${assets}iccs/`,
      wasmUrl: `${assets}wasm/`,
      // The content security policy allows neither WebAssembly nor eval.
      useWasm: false,
      enableXfa: false,
      // Only the ranges of the pages looked at are fetched.
      disableAutoFetch: true,
      disableStream: true,
      rangeChunkSize: 2 ** 17,
    });
    task.onProgress = ({ loaded, total }) => this.showLoading(loaded, total);
    this.pdf = await task.promise;
    await this.layOut();
    this.toolbar = bindToolbar(this);
    this.observe();
    this.goTo(this.startPage(), { marks: true });
    this.root.classList.add("is-ready");
  }

  startPage() {
    const fromHash = /[#&]page=(\d+)/.exec(location.hash)?.[1];
    return this.clamp(Number(fromHash ?? this.root.dataset.page) || 1);
  }

  clamp(number) {
    return Math.min(Math.max(Math.round(number), 1), this.pdf.numPages);
  }

  async layOut() {
    const first = await this.pdf.getPage(1);
    const guess = first.getViewport({ scale: 1 });
    this.base = guess;
    this.pages = Array.from(
      { length: this.pdf.numPages },
      (_, index) => new PageView(this, index + 1, guess),
    );
    this.scroller.replaceChildren(...this.pages.map((page) => page.element));
    this.width = this.scroller.clientWidth;
    this.applyScale();
  }

  /** CSS pixels per PDF point: at zoom 1 the first page is as wide as the viewer, within reason. */
  get scale() {
    const fit = (this.scroller.clientWidth - SIDE_GAP) / this.base.width;
    return Math.min(fit, 2) * this.zoom;
  }

  applyScale() {
    const place = this.place();
    for (const page of this.pages) {
      page.resize(this.scale);
    }
    this.restore(place);
    for (const page of this.rendered) {
      page.render();
    }
  }

  place() {
    const page = this.pages[this.current - 1].element;
    return (this.scroller.scrollTop - page.offsetTop) / (page.offsetHeight || 1);
  }

  restore(place) {
    const page = this.pages[this.current - 1].element;
    this.scroller.scrollTop = page.offsetTop + place * page.offsetHeight;
  }

  observe() {
    const near = new IntersectionObserver((entries) => this.onNear(entries), {
      root: this.scroller,
      rootMargin: "60% 0px",
    });
    for (const page of this.pages) {
      near.observe(page.element);
    }
    this.scroller.addEventListener("scroll", () => this.onScroll(), { passive: true });
    new ResizeObserver(() => this.onResize()).observe(this.scroller);
  }

  onNear(entries) {
    for (const { target, isIntersecting } of entries) {
      const page = this.pages[Number(target.dataset.number) - 1];
      page.near = isIntersecting;
      if (isIntersecting) {
        this.rendered = [...this.rendered.filter((other) => other !== page), page];
        page.render();
      }
    }
    // A canvas costs megabytes: the ones looked at longest ago are let go.
    const idle = this.rendered.filter((page) => !page.near);
    for (const page of idle.slice(0, Math.max(this.rendered.length - KEEP_RENDERED, 0))) {
      page.clear();
      this.rendered.splice(this.rendered.indexOf(page), 1);
    }
  }

  onScroll() {
    const middle = this.scroller.scrollTop + this.scroller.clientHeight / 3;
    let low = 0;
    let high = this.pages.length - 1;
    while (low < high) {
      const mid = Math.ceil((low + high) / 2);
      if (this.pages[mid].element.offsetTop <= middle) {
        low = mid;
      } else {
        high = mid - 1;
      }
    }
    if (low + 1 !== this.current) {
      this.current = low + 1;
      this.tellPage();
    }
  }

  onResize() {
    if (this.scroller.clientWidth !== this.width) {
      this.width = this.scroller.clientWidth;
      this.applyScale();
    }
  }

  goTo(number, { marks = false } = {}) {
    this.current = this.clamp(number);
    const page = this.pages[this.current - 1];
    this.scroller.scrollTop = page.element.offsetTop - 8;
    page.showFirstMark = marks && this.current > 0;
    this.tellPage();
  }

  tellPage() {
    this.toolbar.showPage();
    this.root.dispatchEvent(new CustomEvent("place", { bubbles: true, detail: this.current }));
  }

  /** Brings the first marked word into sight when it is below what the page's top shows. */
  revealMark(page) {
    const mark = page.element.querySelector("mark");
    if (!mark || page.number !== this.current) {
      return;
    }
    const box = mark.getBoundingClientRect();
    const view = this.scroller.getBoundingClientRect();
    if (box.bottom > view.bottom || box.top < view.top) {
      this.scroller.scrollTop += box.top - view.top - view.height / 3;
    }
  }

  setZoom(zoom) {
    this.zoom = Math.min(Math.max(zoom, ZOOM_STEPS[0]), ZOOM_STEPS.at(-1));
    this.applyScale();
    this.toolbar.showZoom();
  }

  zoomBy(direction) {
    const steps = direction > 0 ? ZOOM_STEPS : ZOOM_STEPS.toReversed();
    const next = steps.find((step) => (step - this.zoom) * direction > 0.01);
    this.setZoom(next ?? this.zoom);
  }

  showLoading(loaded, total) {
    const bar = this.root.querySelector("[data-pdf-loading] progress");
    if (bar && total) {
      bar.value = Math.min(100, (100 * loaded) / total);
    }
  }

  fail(error) {
    console.warn("PDF viewer:", error?.message ?? error);
    this.root.classList.add("is-failed");
  }
}

for (const root of document.querySelectorAll("[data-pdf]")) {
  GlobalWorkerOptions.workerSrc = root.dataset.worker;
  const viewer = new PdfViewer(root);
  viewer.open().catch((error) => viewer.fail(error));
}
