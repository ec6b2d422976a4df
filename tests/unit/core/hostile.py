"""Text that users and files could bring along: hidden characters, formulas, markup."""

from __future__ import annotations

from hypothesis import strategies as st

# C0, C1, DEL, directions, zero width, separators, a surrogate, a code point that means nothing.
HIDDEN = "\x00\x07\x1b\x7f\x85\x9b\u00ad\u200b\u200d\u202a\u202e\u2066\u2069\u2028\u2029\ufeff\ud800\ufffe"


FORMULAS = ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "＝1", "Mg;=1+1")


MARKUP = (
    "</script><!--",
    "<img src=x onerror=alert(1)>",
    "\"' onload=x",
    "&lt;",
    "]]>",
    "<!--",
    "{{ 7 * 7 }}",
    "--><b>",
)


pieces = st.sampled_from(
    [*HIDDEN, *FORMULAS, *MARKUP, "Mg", " ", "é", "漢", "µ", "-3.5", "NA", "7", "\n", '"', ",", ";"]
)


hostile = st.lists(pieces | st.text(max_size=3), min_size=1, max_size=6).map("".join)
