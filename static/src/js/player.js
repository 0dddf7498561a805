// Streams for browsers that cannot play them by themselves; loaded only there.
import Hls from "hls.js/light";

// Until it is played no more than its beginning is loaded.
const BUFFER_S = { waiting: 1, playing: 30 };

// Plays a stream from a second on; `fail` is called when it cannot go on.
export function attach(video, address, begin, fail) {
  if (!Hls.isSupported()) {
    fail();
    return;
  }
  const hls = new Hls({
    // A worker would need a source of scripts that the policy of our pages does not allow; pieces
    // of MP4 are passed on as they are, so there is little to do beside.
    enableWorker: false,
    startPosition: video.currentTime || begin || -1,
    maxBufferLength: BUFFER_S.waiting,
    backBufferLength: 60,
  });
  let mended = false;
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, response }) => {
    // What the site refuses is not there the next time either; the library would ask on and on.
    const refused = response?.code >= 400 && response.code < 500;
    if (!fatal && !refused) {
      return;
    }
    if (type === Hls.ErrorTypes.MEDIA_ERROR && !mended) {
      mended = true;
      hls.recoverMediaError();
      return;
    }
    fail(); // another source takes the player over
    hls.destroy();
  });
  video.addEventListener("play", () => {
    hls.config.maxBufferLength = BUFFER_S.playing;
  });
  const goOn = !video.paused; // the person was faster
  hls.loadSource(address);
  hls.attachMedia(video);
  if (goOn) {
    video.play().catch(() => {});
  }
}
