"""Demo texts as a short MP4: slides whose lines appear one a second over a quiet tone."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
from PIL import Image, ImageDraw, ImageFont

from edu.demo.markup import Block, parse
from edu.demo.texts import MaterialSpec

WIDTH, HEIGHT = 640, 360
HEAD_PX = 62
PAPER, INK, ACCENT, PALE = "#fbfaf7", "#1c2028", "#26467a", "#8a93a3"
READ_S = 3  # seconds that a complete slide stays
Slide = tuple[str, list[str]]


def write_video(spec: MaterialSpec, target: Path, font_dir: Path) -> None:
    """Write the material as H.264 and AAC, 640 x 360; each heading of its text starts a slide
    and a chapter.
    """
    brush = _Brush(font_dir)
    slides = _slides(parse(spec.body))
    frames = [
        brush.slide(title, lines[:shown], f"{number} / {len(slides)}")
        for number, (title, lines) in enumerate(slides, 1)
        for shown in _steps(lines)
    ]
    _encode(frames, _chapters(slides), target)


def _chapters(slides: list[Slide]) -> str:
    """The slides as ffmetadata, in seconds."""
    parts, start = [";FFMETADATA1"], 0
    for title, lines in slides:
        end = start + len(_steps(lines))
        said = re.sub(r"([=;#\\])", r"\\\1", title)
        parts.append(f"[CHAPTER]\nTIMEBASE=1/1\nSTART={start}\nEND={end}\ntitle={said}")
        start = end
    return "\n".join(parts) + "\n"


def _slides(blocks: list[Block]) -> list[Slide]:
    slides: list[Slide] = []
    for block in blocks:
        if block.kind == "heading":
            slides.append((block.text, []))
        else:
            slides[-1][1].extend(block.lines)
    return slides


def _steps(lines: list[str]) -> list[int]:
    """How many lines are seen in each second of a slide."""
    return [*range(1, len(lines)), *[len(lines)] * READ_S]


class _Brush:
    """Draws slides as RGB frames."""

    def __init__(self, font_dir: Path) -> None:
        bold = str(font_dir / "DejaVuSans-Bold.ttf")
        plain = str(font_dir / "DejaVuSans.ttf")
        # The basic engine gives the same pixels with and without libraqm.
        engine = ImageFont.Layout.BASIC
        self.title = ImageFont.truetype(bold, 24, layout_engine=engine)
        self.text = ImageFont.truetype(plain, 21, layout_engine=engine)
        self.small = ImageFont.truetype(plain, 12, layout_engine=engine)

    def slide(self, title: str, lines: list[str], number: str) -> bytes:
        """One frame: 3 bytes a pixel, row by row."""
        image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, WIDTH, HEAD_PX), fill=ACCENT)
        draw.text((28, HEAD_PX // 2), title, PAPER, self.title, anchor="lm")
        draw.text((WIDTH - 20, HEIGHT - 16), number, PALE, self.small, anchor="rm")
        y = HEAD_PX + 26
        for line in lines:
            draw.ellipse((30, y + 10, 36, y + 16), fill=ACCENT)
            for part in self.wrap(draw, line, WIDTH - 90):
                draw.text((50, y), part, INK, self.text)
                y += 30
            y += 16
        return image.tobytes()

    def wrap(self, draw: ImageDraw.ImageDraw, text: str, width: int) -> list[str]:
        """Break a line at spaces so that each part is at most `width` pixels long."""
        parts = [""]
        for word in text.split():
            longer = f"{parts[-1]} {word}".strip()
            if parts[-1] and draw.textlength(longer, self.text) > width:
                parts.append(word)
            else:
                parts[-1] = longer
        return parts


def _encode(frames: list[bytes], chapters: str, target: Path) -> None:
    """Hand the frames, one a second, to ffmpeg."""
    seconds = len(frames)
    metadata = target.with_suffix(".txt")
    metadata.write_text(chapters, encoding="utf-8")
    # One thread and -bitexact: the bytes must not depend on the number of cores or the encoder.
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "1", "-i", "-",
        "-f", "lavfi", "-i", f"sine=frequency=220:sample_rate=44100:duration={seconds}",
        "-f", "ffmetadata", "-i", str(metadata), "-map_chapters", "2",
        "-map", "0:v", "-map", "1:a", "-af", "volume=0.05", "-t", str(seconds),
        "-r", "8", "-g", "16", "-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage",
        "-crf", "24", "-pix_fmt", "yuv420p", "-threads", "1", "-c:a", "aac", "-b:a", "32k",
        "-map_metadata:g", "-1", "-bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
        "-movflags", "+faststart", str(target),
    ]  # fmt: skip
    done = subprocess.run(command, input=b"".join(frames), capture_output=True, check=False)
    metadata.unlink()
    if done.returncode:
        raise RuntimeError(f"ffmpeg: {done.stderr.decode(errors='replace')[-500:]}")
