// Where the person has got to in a material, kept on the server: the element with data-place-url
// says where to send it. Documents tell of their page by the event "place".
const QUIET_MS = 1500;
const VIDEO_MS = 10_000;

class Keeper {
  constructor(url, fromNow) {
    this.url = url;
    // Opening at the beginning must not overwrite the place that was kept: only moving on does.
    this.baseline = !fromNow;
    this.timer = 0;
  }

  note(place, wait) {
    if (this.baseline) {
      this.baseline = false;
      this.sent = place;
    }
    this.place = place;
    this.timer ||= setTimeout(() => this.send(), wait);
  }

  send() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.place === undefined || this.place === this.sent) {
      return;
    }
    this.sent = this.place;
    fetch(this.url, {
      method: "POST",
      headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
      body: new URLSearchParams({ place: this.place }),
      keepalive: true, // also when the page is being left
      redirect: "manual",
    }).catch(() => {});
  }
}

function watchSections(keeper) {
  const sections = [...document.querySelectorAll(".prose > section[id^='section-']")];
  const note = () => {
    const line = window.innerHeight / 3;
    const read = sections.findLast((each) => each.getBoundingClientRect().top <= line);
    keeper.note(Number((read ?? sections[0]).id.replace("section-", "")), QUIET_MS);
  };
  if (sections.length > 1) {
    note();
    window.addEventListener("scroll", note, { passive: true });
  }
}

function watchVideo(keeper, video) {
  keeper.baseline = false;
  const note = () => keeper.note(video.ended ? 0 : Math.floor(video.currentTime), VIDEO_MS);
  video.addEventListener("timeupdate", () => !video.paused && note());
  for (const name of ["pause", "ended"]) {
    video.addEventListener(name, () => {
      note();
      keeper.send();
    });
  }
}

export function keepPlaces() {
  const root = document.querySelector("[data-place-url]");
  if (!root) {
    return;
  }
  const keeper = new Keeper(root.dataset.placeUrl, "placeNow" in root.dataset);
  const video = document.querySelector("video.video");
  if (video) {
    watchVideo(keeper, video);
  } else {
    watchSections(keeper);
  }
  document.addEventListener("place", (event) => keeper.note(event.detail, QUIET_MS));
  window.addEventListener("pagehide", () => keeper.send());
  document.addEventListener("visibilitychange", () => document.hidden && keeper.send());
}
