// The chapters of a video: a click goes on from there without another page, and the one that is
// being played is marked.

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
}

export function openChapters() {
  const video = document.querySelector("video.video");
  const links = [...document.querySelectorAll("a[data-second]")];
  if (!video || !links.length) {
    return;
  }
  follow(video, links);
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) {
        return;
      }
      event.preventDefault();
      history.replaceState(history.state, "", link.href);
      video.currentTime = Number(link.dataset.second);
      video.scrollIntoView({ block: "nearest" });
      video.play().catch(() => {}); // a browser that does not play yet has sought all the same
    });
  }
}
