"""Values for generated rows, as text that PostgreSQL can read: a type's extremes, and many plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whisper_migrate.catalog.model import Catalog

LONG = "long text, " * 400
TEXTS = ("", "é漢字🐠 ñ", "it's {not: json", LONG)
# Most checks on a text accept one of these.
LIKELY = (
    "user{n}@example.org",
    "https://example.org/{n}",
    "{n}",
    "#aabb{n:02x}",
    "+4930{n:06}",
    "10.0.0.{n}",
    "en",
    "EN",
)
DAY = "20{n:02}-01-15"

INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
EXTREMES = {
    **{name: (str(-limit), str(limit - 1), "0") for name, limit in INTEGERS.items()},
    "numeric": ("0", "-0.000001", "123456789012345678901234567890.5", "NaN"),
    "real": ("0", "-1.5e38", "1e-30", "NaN", "Infinity"),
    "double precision": ("0", "-1.5e308", "1e-300", "NaN", "Infinity"),
    "money": ("0", "-1.05"),
    "boolean": ("false", "true"),
    **dict.fromkeys(("text", "character varying", "citext", "public.citext"), TEXTS),
    "name": ("", "é"),
    "date": ("infinity", "-infinity", "1970-01-01", "0001-01-01 BC", "9999-12-31"),
    "timestamp without time zone": ("infinity", "-infinity", "1970-01-01", "2024-02-29 23:59:59.999999"),
    "timestamp with time zone": ("infinity", "-infinity", "1970-01-01 00:00Z", "2024-02-29 23:59:59.999999+05:30"),
    "time without time zone": ("00:00", "24:00", "12:34:56.789012"),
    "time with time zone": ("00:00+00", "24:00-12", "12:34:56.789012+05:30"),
    "interval": ("0", "-1 year 2 days", "1 mon -00:00:00.000001"),
    "json": ("null", "{}", "[]", '"text"', "1.50", '{"a": {"b": [1, null]}, "a": "é"}'),
    "jsonb": ("null", "{}", "[]", '"text"', "1.50", '{"a": {"b": [1, null, "é"]}}'),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    "bytea": (r"\x", r"\x00ff27"),
    "inet": ("0.0.0.0/0", "::1", "192.168.0.1/24"),
    "cidr": ("0.0.0.0/0", "2001:db8::/32"),
    "tsvector": ("", "a:1 b:2A"),
    "xml": ("<a/>",),
}
PLAIN = {
    **dict.fromkeys((*INTEGERS, "numeric", "real", "double precision", "money", "oid"), "{n}"),
    **dict.fromkeys(("text", "character varying", "name", "citext", "public.citext"), "a{n}"),
    "character": "{n}",
    **dict.fromkeys(("date", "timestamp without time zone", "timestamp with time zone"), DAY),
    **dict.fromkeys(("time without time zone", "time with time zone"), "12:{n:02}"),
    "interval": "{n} days",
    **dict.fromkeys(("json", "jsonb"), '{{"n": {n}}}'),
    "uuid": "00000000-0000-4000-8000-{n:012}",
    "bytea": r"\x{n:02x}",
    **dict.fromkeys(("inet", "cidr"), "10.0.0.{n}"),
    "macaddr": "08:00:2b:01:02:{n:02x}",
    "tsvector": "a{n}",
    "tsquery": "a{n}",
    "point": "({n},0)",
    "pg_lsn": "0/{n:X}",
    "hstore": "n=>{n}",
    "public.hstore": "n=>{n}",
    "ltree": "a.b{n}",
    "public.ltree": "a.b{n}",
    "xml": "<a>{n}</a>",
}
RANGES = {
    **dict.fromkeys(("int4range", "int8range", "numrange"), "[{n},{n}]"),
    **dict.fromkeys(("daterange", "tsrange", "tstzrange"), f"[{DAY},{DAY}]"),
}
RANGES |= {name.replace("range", "multirange"): f"{{{{{form}}}}}" for name, form in RANGES.items()}
# Guesses for an unknown type, such as one of an extension.
GUESSES = ("{n}", "a{n}", "[{n}]", "({n},{n})", "(({n},{n}),(99,99))", "{{}}", DAY, "POINT({n} {n})")
FEW, MANY = 4, 40


class Values:
    """The values to try in a column of `type_`: `extremes`, and `plain` ones, the likeliest first.

    `hints` are definitions that concern the column, such as its checks: their constants are likely values. `is_guess`:
    the type may refuse some of the values.
    """

    def __init__(self, catalog: Catalog, type_: str, hints: Sequence[str] = ()) -> None:
        texts = list(hints)
        self.extremes: list[str] = []
        self.plain: list[str] = []
        self.is_guess = ("domain", type_.removesuffix("[]")) in catalog
        while ("domain", type_) in catalog:
            texts += [str(check["definition"]) for check in catalog.children(type_, "domain_constraint")]
            type_ = catalog["domain", type_]["type"]
        if type_.endswith("[]"):
            items = Values(catalog, type_[:-2])
            self.is_guess |= items.is_guess
            whole = ",".join(map(_element, [*items.extremes, *items.plain[:1]]))
            self.extremes, self.plain = ["{}", f"{{{whole}}}", "{NULL}"], [f"{{{_element(x)}}}" for x in items.plain]
        elif ("enum", type_) in catalog:
            self.extremes = self.plain = list(catalog["enum", type_]["labels"])
        elif ("composite_type", type_) in catalog:
            self.plain = [f"({',' * (len(catalog['composite_type', type_]['attributes']) - 1)})"]
        else:
            name, sizes = _split(type_)
            self.is_guess |= not {name} & (EXTREMES.keys() | PLAIN.keys() | RANGES.keys())
            constants = _constants(texts, is_text=name in ("text", "character varying", "character"))
            self.extremes = list(dict.fromkeys([*_extremes(name, sizes), *constants]))
            self.plain = list(dict.fromkeys([*constants, *_plain(name, sizes)]))


def _extremes(name: str, sizes: list[int]) -> list[str]:
    if name in RANGES:
        return ["{}", "{(,)}"] if name.endswith("multirange") else ["empty", "(,)"]
    if name in ("character varying", "character") and sizes:
        return [text for text in TEXTS if len(text) <= sizes[0]] + ["é" * sizes[0]]
    if name == "numeric" and len(sizes) == 2 and 0 <= sizes[1] <= sizes[0]:
        whole, after = "9" * (sizes[0] - sizes[1]) or "0", "9" * sizes[1]
        largest = f"{whole}.{after}" if after else whole
        return ["0", largest, f"-{largest}"]
    if name in ("bit", "bit varying"):
        return ["0" * (sizes or [1])[0], "1" * (sizes or [1])[0]]
    return list(EXTREMES.get(name, ()))


def _plain(name: str, sizes: list[int]) -> list[str]:
    if name in ("boolean", "bit", "bit varying"):
        return _extremes(name, sizes)[::-1]
    if name.rpartition(".")[2] in ("vector", "halfvec"):
        return [f"[{','.join([str(n)] * (sizes or [3])[0])}]" for n in range(1, MANY)]
    known = PLAIN.get(name) or RANGES.get(name)
    forms = [known] if known else list(GUESSES)
    forms += LIKELY if name in ("text", "character varying") else []
    texts = [form.format(n=n) for form in forms for n in range(1, FEW)]
    texts += [forms[0].format(n=n) for n in range(FEW, MANY)]
    return [text for text in texts if name != "character varying" or not sizes or len(text) <= sizes[0]] or ["a", ""]


def _constants(texts: Sequence[str], *, is_text: bool) -> list[str]:
    """Return the constants in SQL, with their neighbours. For a text column, a number may be a required length."""
    found: list[str] = []
    for text in texts:
        strings = [string.replace("''", "'") for string in re.findall(r"'((?:[^']|'')*+)'", text)]
        found += [string.strip("%^$") if "~" in text else string for string in strings]
        for digits in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])", re.sub(r"'(?:[^']|'')*+'", "", text)):
            number = float(digits) if "." in digits else int(digits)
            if is_text and 0 <= number <= 100_000:
                found += ["a" * max(int(number) + more, 0) for more in (0, 1, -1)]
            elif not is_text:
                found += [str(number + more) for more in (0, 1, -1)]
    return found


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _split(type_: str) -> tuple[str, list[int]]:
    """Split a type into name and numbers: `timestamp(3) without time zone` -> ("timestamp without time zone", [3])."""
    sizes = re.search(r"\(([-\d,]+)\)", type_)
    return re.sub(r"\([^)]*\)", "", type_), [int(number) for number in sizes[1].split(",")] if sizes else []
