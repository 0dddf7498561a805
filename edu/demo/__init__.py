"""What a first start is filled with: a subject tree and study materials in Russian.

- `content/subjects.toml` holds the subject tree, `content/materials/*.md` one material each.
- `tree` and `texts` read them, `markup` parses the bodies, `render` writes PDF, DOCX and MP4.
- `service` puts all of it into the library.

To add a material of your own, put another file into `content/materials/`: a TOML front matter
between two `+++` lines (see `texts.MaterialSpec` for the keys), then a body in the small markup
described in `markup`. Nothing here is binary: the files are drawn when they are needed.
"""
