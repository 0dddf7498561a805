// A video: its stream where there is one, the speed that the person likes, and its chapters.
import { openTranscript } from "./captions.js";

const SPEED = "video-speed";
const HLS = "application/vnd.apple.mpegurl";
const PATIENCE_MS = 8000;

// Plays an address from a second on. Where the storage is a bucket, pieces of streams come from
// there, and a browser takes them only when it is asked with `crossOrigin`.
function load(video, address, second, { crossOrigin = null, goOn = !video.paused } = {}) {
  const seek = () => {
    if (second > 0) {
      video.currentTime = second;
    }
  };
  video.addEventListener("loadedmetadata", seek, { once: true });
  video.crossOrigin = crossOrigin;
  video.src = address;
  video.preload = "metadata"; // not before, or what was there is loaded, too
  // A new source stops the player.
  if (goOn) {
    video.play().catch(() => {});
  }
}

// Calls `fail` once, when the browser gives a source up, or waits and nothing comes.
function watch(video, fail) {
  const ending = new AbortController();
  let timer = 0;
  const giveUp = () => {
    clearTimeout(timer);
    ending.abort();
    fail();
  };
  const look = () => {
    const wants = video.seeking || !video.paused;
    if (wants && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      giveUp();
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PATIENCE_MS);
  };
  video.addEventListener("error", giveUp, { signal: ending.signal });
  for (const name of ["seeking", "waiting", "progress"]) {
    video.addEventListener(name, wait, { signal: ending.signal });
  }
}

// Whether the person wants it to play: a browser that gives a source up stops the player, and tells
// nobody of it.
function watchWish(video) {
  let wants = !video.paused;
  video.addEventListener("play", () => {
    wants = true;
  });
  video.addEventListener("pause", () => {
    wants = false;
  });
  return () => wants;
}

// The stream is a better way to the same pictures; whatever goes wrong with it, the file is there.
function openStream(video, { stream, player }) {
  if (!stream) {
    return;
  }
  const file = video.src;
  const second = video.currentTime || Number(video.dataset.begin);
  const wants = watchWish(video);
  // A source that fails before its beginning is known leaves the player at zero, and stopped.
  const playFile = () => load(video, file, video.currentTime || second, { goOn: wants() });
  if (video.canPlayType(HLS)) {
    watch(video, playFile);
    load(video, stream, second, { crossOrigin: "anonymous" });
    return;
  }
  import(player)
    .then(({ attach }) => attach(video, stream, video.currentTime || second, playFile))
    .catch(playFile);
}

// A page that was opened while the stream was being made learns here that it is ready: who has not
// begun to watch gets it at once, who has is asked.
function awaitStream(video) {
  const untouched = () =>
    video.paused && video.currentTime <= Number(video.dataset.begin) && !video.played.length;
  document.addEventListener("htmx:load", ({ target }) => {
    if (target.id !== "stream" || !target.dataset.stream) {
      return;
    }
    const move = () => {
      target.hidden = true;
      keepWays(video);
      openStream(video, target.dataset);
    };
    if (untouched()) {
      move();
      return;
    }
    target.hidden = false;
    target.querySelector("button").addEventListener("click", move, { once: true });
  });
}

// With a new source a player goes back to its default speed, and chooses subtitles anew.
function keepWays(video) {
  video.defaultPlaybackRate = video.playbackRate;
  const modes = [...video.textTracks].map((track) => [track, track.mode]);
  const restore = () => {
    for (const [track, mode] of modes) {
      track.mode = mode;
    }
  };
  video.addEventListener("loadedmetadata", restore, { once: true });
}

function readSpeed() {
  try {
    return Number(localStorage.getItem(SPEED)) || 1;
  } catch {
    return 1; // the browser keeps nothing
  }
}

function saveSpeed(speed) {
  try {
    localStorage.setItem(SPEED, speed);
  } catch {
    // it holds for this page
  }
}

function openSpeed(video) {
  const select = document.querySelector("[data-video-speed]");
  const set = (speed) => {
    // The default too: with each new source a player goes back to it.
    video.defaultPlaybackRate = video.playbackRate = speed;
  };
  select.addEventListener("change", () => {
    set(Number(select.value));
    saveSpeed(select.value);
  });
  video.addEventListener("ratechange", () => {
    select.value = String(video.playbackRate); // the browser's own menu has a speed as well
  });
  const speed = readSpeed();
  if ([...select.options].some((option) => Number(option.value) === speed)) {
    select.value = String(speed);
    set(speed);
  }
}

// Chapters: a click goes on from there without another page; the one that is played is marked.

function follow(video, links) {
  const begins = links.map((link) => Number(link.dataset.second));
  const note = () => {
    // A key frame may lie a little before the second that was asked for.
    const now = begins.findLastIndex((second) => second <= video.currentTime + 0.3);
    links.forEach((link, at) => {
      if (at === now) {
        link.setAttribute("aria-current", "true");
      } else {
        link.removeAttribute("aria-current");
      }
    });
  };
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) {
    video.addEventListener(name, note);
  }
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) {
    note(); // it was there before this script
  }
}

function goTo(video, event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  history.replaceState(history.state, "", link.href);
  video.currentTime = Number(link.dataset.second);
  video.scrollIntoView({ block: "nearest" });
  video.play().catch(() => {}); // a browser that does not play yet has sought all the same
}

function openChapters(video, links) {
  follow(video, links);
  for (const link of links) {
    link.addEventListener("click", (event) => goTo(video, event, link));
  }
}

export function openVideo() {
  const video = document.querySelector("video.video");
  if (!video) {
    return;
  }
  openSpeed(video);
  openStream(video, video.dataset);
  awaitStream(video);
  openChapters(video, [...document.querySelectorAll("a[data-second]")]);
  openTranscript(video, (event, link) => goTo(video, event, link));
}
