"""The Telegram bot: `python telegram`; with --stay it tries again where it could not go on.

This folder is named like the library it uses, so it has no `__init__.py`: a folder without one
gives way to the installed package of the same name.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Python has put this folder on the path, which is where `bot` comes from; `edu` lies one above.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from bot.main import main, try_again  # found by the path above

if __name__ == "__main__":
    status = main()
    if status and "--stay" in sys.argv[1:]:
        try_again()
    sys.exit(status)
