"""Draws a demo material as the file a teacher would have uploaded."""

from pathlib import Path

from edu.demo.render_docx import write_docx
from edu.demo.render_pdf import write_pdf
from edu.demo.render_video import write_video
from edu.demo.texts import MaterialSpec

SUFFIX = {"pdf": ".pdf", "docx": ".docx", "video": ".mp4"}
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")


def render_material(spec: MaterialSpec, folder: Path, font_dir: Path) -> Path:
    """Write the material into `folder` and return the file's path; equal specs give equal bytes.

    `font_dir` holds the fonts named in FONTS, for a bare machine has none that know Cyrillic;
    FileNotFoundError says which one is missing. RuntimeError: ffmpeg failed.
    """
    _require_fonts(font_dir)
    target = folder / (spec.slug + SUFFIX[spec.kind])
    if spec.kind == "pdf":
        write_pdf(spec, target, font_dir)
    elif spec.kind == "docx":
        write_docx(spec, target)
    else:
        write_video(spec, target, font_dir)
    return target


def _require_fonts(font_dir: Path) -> None:
    for name in FONTS:
        if not (font_dir / name).is_file():
            raise FileNotFoundError(f"{font_dir / name} is missing: build the assets first")
