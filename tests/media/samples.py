"""Small files made on the spot: honest ones and hostile ones."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
from imageio_ffmpeg import get_ffmpeg_exe

CYRILLIC = "Предел последовательности единственен, если он существует."


def write_pdf(path: Path, objects: list[bytes], root: int = 1) -> Path:
    """Write a PDF of these objects, numbered from 1, with a correct cross-reference table."""
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<< /Root %d 0 R /Size %d >>\n" % (root, len(objects) + 1)
    path.write_bytes(data + b"startxref\n%d\n%%%%EOF\n" % start)
    return path


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def page_pdf(path: Path, content: bytes, box: str = "0 0 595 842") -> Path:
    """A PDF of one page with this content stream and the font /F1 (Helvetica, WinAnsi)."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R "
    return write_pdf(
        path,
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page.encode() + b"/Resources << /Font << /F1 5 0 R >> >> >>",
            stream(content),
            font,
        ],
    )


def endless_pdf(path: Path, depth: int = 9, width: int = 12) -> Path:
    """A PDF of two kilobytes that asks for `width ** depth` drawings of one word."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /XObject << /X 6 0 R >> >> >>",
        stream(b"/X Do"),
        font,
    ]
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
    for number in range(7, 7 + depth):
        resources = b"/Resources << /XObject << /X %d 0 R >> >>" % number
        objects.append(stream(b"/X Do " * width, form + resources))
    resources = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects.append(stream(b"BT /F1 12 Tf 72 720 Td (word) Tj ET", form + resources))
    return write_pdf(path, objects)


def mojibake_pdf(path: Path) -> Path:
    """A page whose Cyrillic bytes are declared as Western letters: every parser is fooled."""
    line = (CYRILLIC * 4).encode("cp1251").replace(b"(", b"").replace(b")", b"")
    return page_pdf(path, b"BT /F1 8 Tf 20 700 Td (" + line + b") Tj ET")


def write_docx(path: Path) -> Path:
    """A document with a title, two headings and a table between paragraphs."""
    document = docx.Document()
    document.add_paragraph("Ряды и пределы", style="Title")
    document.add_paragraph("Вводное слово.")
    document.add_heading("Числовые ряды", 1)
    document.add_paragraph("До таблицы.")
    table = document.add_table(rows=2, cols=2)
    for index, word in enumerate(("признак", "условие", "Даламбер", "меньше единицы")):
        table.cell(index // 2, index % 2).text = word
    document.add_paragraph("После таблицы.")
    document.add_heading("Степенные ряды", 2)
    document.add_paragraph(CYRILLIC)
    document.save(str(path))
    return path


def write_zip(path: Path, parts: dict[str, bytes]) -> Path:
    """A compressed ZIP of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def change_docx(path: Path, changes: dict[str, Callable[[bytes], bytes]]) -> Path:
    """Rewrite parts of a document; what is not there yet is made of nothing."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts.get(name, b""))
    return write_zip(path, parts)


def relation(kind: str, target: str, number: int = 900) -> Callable[[bytes], bytes]:
    """Adds an external relation, rId900 say, to a part of relations."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    line = f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}" '
    whole = f'{line}TargetMode="External"/></Relationships>'.encode()
    start = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return lambda data: (data or start + b"</Relationships>").replace(b"</Relationships>", whole)


def content_types(main: str) -> bytes:
    """The content types of a package whose main document is of this type."""
    prefix = "application/vnd.openxmlformats-officedocument."
    override = f'<Override PartName="/word/document.xml" ContentType="{prefix}{main}"/>'
    return f'<?xml version="1.0"?><Types>{override}</Types>'.encode()


def write_mp4(path: Path, seconds: int = 2, size: str = "640x360", *more: str) -> Path:
    """A silent test picture."""
    source = f"testsrc=duration={seconds}:size={size}:rate=5"
    return _ffmpeg(path, source, "-pix_fmt", "yuv420p", *more)


def write_lecture(path: Path, seconds: int = 8, size: str = "160x90", *more: str) -> Path:
    """A test picture with a tone; `more` are ffmpeg's options for what is written."""
    tone = ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-pix_fmt", "yuv420p"]
    return _ffmpeg(path, f"testsrc=duration={seconds}:size={size}:rate=10", *tone, *more)


def write_slides(path: Path, seconds: int, size: str = "1280x720") -> Path:
    """A picture a second, quick to make; written anew it has five."""
    source = f"testsrc=duration={seconds}:size={size}:rate=1"
    return _ffmpeg(path, source, "-pix_fmt", "yuv420p", "-c:v", "mpeg4")


def write_picture(path: Path, source: str, *options: str) -> Path:
    """A second of one of ffmpeg's pictures, such as `color=red`."""
    return _ffmpeg(path, f"{source}:duration=1:size=160x90:rate=5", *options)


def claim_length(path: Path, seconds: int) -> Path:
    """Make an MP4 of ffmpeg's say that it is so long, whatever it holds."""
    data = bytearray(path.read_bytes())
    for box, at in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        place = data.index(box) + len(box)
        # The film counts in thousandths; a track in what its own header says.
        scale = int.from_bytes(data[place + 12 : place + 16]) if box == b"mdhd" else 1000
        data[place + at : place + at + 4] = (scale * seconds).to_bytes(4, "big")
    path.write_bytes(data)
    return path


def write_sound(path: Path) -> Path:
    """An MP4 with a tone and no picture."""
    return _ffmpeg(path, "sine=duration=1")


def _ffmpeg(path: Path, source: str, *options: str) -> Path:
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, *options, str(path)], check=True)
    return path


def write_chapters(path: Path, chapters: Sequence[tuple[float, str]], seconds: int = 10) -> Path:
    """A silent test picture with chapters: (second at which it begins, title)."""
    lines = [";FFMETADATA1", "title=A title of the whole"]
    for begin, title in chapters:
        start = round(begin * 1000)
        said = "".join(f"\\{char}" if char in "=;#\\\n" else char for char in title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={start + 500}"]
        lines.append(f"title={said}")
    metadata = path.with_suffix(".txt")
    metadata.write_text("\n".join(lines) + "\n", encoding="utf-8")
    more = ["-i", str(metadata), "-map", "0:v", "-map_metadata", "1", "-map_chapters", "1"]
    source = f"testsrc=duration={seconds}:size=160x90:rate=2"
    return _ffmpeg(path, source, *more, "-pix_fmt", "yuv420p")
