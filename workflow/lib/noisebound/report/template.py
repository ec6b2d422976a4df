"""Pages from templates: all text is escaped, and each page is one file that makes no request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..core.certainty import NO_INTERVAL
from ..core.storage import write_text
from ..core.texts import visible

TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(
    template: str,
    output: str | Path,
    context: Mapping[str, Any],
    *,
    filters: Mapping[str, Callable[..., Any]],
    script: str | None = None,
) -> None:
    """Fill a template and write the page, atomically.

    Parameters
    ----------
    template
        Name of a file in ``TEMPLATES``.
    output
        Page to write.
    context
        Values for the template. Texts are escaped and lose their hidden characters, except ``Markup``.
    filters
        Functions that the template may use, by name.
    script
        File name in ``TEMPLATES`` of the page's only script, or ``None``. The content security policy of the page
        allows this script by its SHA-256 and no other, and forbids every request.

    Raises
    ------
    jinja2.UndefinedError
        Where the template uses a value that ``context`` lacks.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    environment.globals["NO_INTERVAL"] = NO_INTERVAL
    environment.policies["json.dumps_function"] = _visible_json
    code = (TEMPLATES / script).read_text(encoding="utf-8") if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    page = environment.get_template(template).render(
        css=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup(code),
        policy=f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        **context,
    )
    write_text(output, page)


def _visible(value: Any) -> Any:
    """Remove hidden characters from text, except from ``Markup``, which is made of text without them."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _visible_json(content: Any, **options: Any) -> str:
    """JSON whose texts have no hidden characters."""

    def clean(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {visible(str(key)): clean(entry) for key, entry in value.items()}
        return [clean(entry) for entry in value] if isinstance(value, list | tuple) else _visible(value)

    return json.dumps(clean(content), **options)
