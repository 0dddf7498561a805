"""Every kind of file gets a small picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from edu.media import thumbnails, video
from edu.media.errors import FileRefused
from tests.media import samples

FONTS = Path(__file__).resolve().parents[2]
DEJAVU = [
    FONTS / "static/dist/fonts/DejaVuSans.ttf",
    FONTS / "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
]


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        assert image.format == "WEBP"
        width, height = image.size
        return width, height


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ("0 0 595 842", (340, 480)),
        ("0 0 842 595", (480, 340)),
        ("0 0 14400 14400", (480, 480)),
        ("0 0 20 10", (480, 240)),
    ],
)
def test_page_of_any_size_fits(tmp_path: Path, box: str, size: tuple[int, int]) -> None:
    page = samples.page_pdf(tmp_path / "a.pdf", b"0 0 100 100 re f", box)
    thumbnails.pdf_thumbnail(page, tmp_path / "a.webp")
    assert size_of(tmp_path / "a.webp") == pytest.approx(size, abs=1)


def test_sheet_without_a_font_has_bars(tmp_path: Path) -> None:
    lines = ["Короткая.", samples.CYRILLIC * 9]
    thumbnails.docx_thumbnail("Ряды", lines, tmp_path / "a.webp", tmp_path / "missing.ttf")
    assert size_of(tmp_path / "a.webp") == (340, 480)
    with Image.open(tmp_path / "a.webp") as image:
        row = image.convert("L").crop((30, 34, 310, 35)).tobytes()
    dark = [value for value in row if value < 100]
    assert 20 < len(dark) < 120  # the title's bar is as long as the title


def test_sheet_with_a_font_has_letters(tmp_path: Path) -> None:
    font = next((path for path in DEJAVU if path.is_file()), None)
    if font is None:
        pytest.skip("the front-end packages are not installed, so there is no font")
    thumbnails.docx_thumbnail("Ряды", [samples.CYRILLIC], tmp_path / "letters.webp", font)
    thumbnails.docx_thumbnail("Ряды", [samples.CYRILLIC], tmp_path / "bars.webp")
    assert size_of(tmp_path / "letters.webp") == (340, 480)
    assert (tmp_path / "letters.webp").read_bytes() != (tmp_path / "bars.webp").read_bytes()


def test_video_tells_its_length_and_size(tmp_path: Path) -> None:
    path = samples.write_mp4(tmp_path / "a.mp4", 3, "320x240")
    assert video.read_info(path) == video.VideoInfo(3.0, 320, 240)


def test_poster_is_small_and_not_black(tmp_path: Path) -> None:
    path = samples.write_mp4(tmp_path / "a.mp4", 2, "1280x720")
    thumbnails.video_thumbnail(path, video.read_info(path), tmp_path / "a.webp")
    assert size_of(tmp_path / "a.webp") == (480, 270)
    assert not (tmp_path / "a.png").exists()
    with Image.open(tmp_path / "a.webp") as image:
        assert len(image.getcolors(1 << 20) or []) > 100


def test_sound_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = samples.write_sound(tmp_path / "a.mp4")
    with pytest.raises(FileRefused) as caught:
        video.read_info(path)
    assert (caught.value.code, caught.value.details) == ("unknown_type", {"found": "audio"})


def test_overwritten_video_is_broken(tmp_path: Path) -> None:
    path = samples.write_mp4(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    moov = data.index(b"moov")
    data[moov + 8 : moov + 600] = bytes(592)
    path.write_bytes(data)
    with pytest.raises(FileRefused) as caught:
        video.read_info(path)
    assert caught.value.code == "broken"
