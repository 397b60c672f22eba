#!/usr/bin/env python3
"""Writes engine/text/html_entity_table.cpp: the names of HTML's character references, from Python's html.entities.

    python tests/reference/make_html_entities.py && clang-format-14 -i engine/text/html_entity_table.cpp
"""

import html.entities
import textwrap
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "engine" / "text" / "html_entity_table.cpp"


def entry(name):
    return name + "=" + "+".join(f"{ord(c):x}" for c in html.entities.html5[name])


def main():
    lines = textwrap.wrap(" ".join(entry(name) for name in sorted(html.entities.html5)), width=124, break_on_hyphens=False)
    body = "\n".join(f'    "{line} "' for line in lines)
    SOURCE.write_text(
        '#include "engine/text/html_entities.h"\n\n'
        "namespace stampd::text {\n\n"
        "// Written by tests/reference/make_html_entities.py.\n"
        f"const char kHtmlEntityTable[] =\n{body};\n\n"
        "}  // namespace stampd::text\n",
        encoding="ascii",
    )


if __name__ == "__main__":
    main()
