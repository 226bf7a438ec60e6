"""Types, sequences and functions."""

from tests.fuzz.made import PLAIN, Made, bare

LABELS = (("x", "y"), ("x", "y", "z"), ("x", "m", "y", "z"), ("z", "y", "x"), ("x",), ("it's", "y"), ("x", "Y y"))
SEQUENCES = (
    "",
    " AS smallint",
    " START 5",
    " INCREMENT BY -1",
    " MINVALUE -5 START 3 CYCLE",
    " CACHE 7",
    " MAXVALUE 99",
)
BODY = ("RETURN x + 1", "AS 'SELECT x + 1'", "BEGIN ATOMIC SELECT x * 2; END", "RETURN (x * 2)")


def enum(made: Made, name: str) -> None:
    labels = made.pick(f"{name} labels", LABELS)
    quoted = ["'" + label.replace("'", "''") + "'" for label in labels]
    made.add(f"CREATE TYPE {name} AS ENUM ({', '.join(quoted)})", f"TYPE {name}")
    _usable(made, name, [f"{label}::{name}" for label in (quoted[0], quoted[-1])])


def domain(made: Made, name: str) -> None:
    base = made.pick(f"{name} of", [*PLAIN, *(one for one in made.types if one not in PLAIN)])
    words = [f"CREATE DOMAIN {name} AS {base}"]
    defaults = made.types[base]
    if base in ("text", "character varying(10)") and (collation := made.pick(f"{name} collation", [None, '"C"'])):
        words.append(f"COLLATE {collation}")
    if default := made.pick(f"{name} default", [None, *defaults]):
        words.append(f"DEFAULT {default}")
    words.append(made.pick(f"{name} null", ["", "", "NOT NULL", "CONSTRAINT filled NOT NULL"]))
    checks = ["VALUE IS NOT NULL", "VALUE::text <> 'no'"]
    checks += ["VALUE > 0", *(f"VALUE > {number}" for number in made.numbers)] if base == "integer" else []
    for number, check in enumerate(made.some(f"{name} checks", checks, 2)):
        label = made.pick(f"{name} check {number} called", [f"v{number}", f'"V {number}"'])
        words.append(f"CONSTRAINT {label} CHECK ({check})")
    made.add(" ".join(words), f"DOMAIN {name}")
    _usable(made, name, list(defaults))


def composite(made: Made, name: str) -> None:
    columns = {}
    for column in made.pick(f"{name} order", (("x", "y", "z"), ("y", "x", "z"), ("x", "z", '"Q q"'))):
        type_ = made.pick(f"{name}.{column} type", [None, *made.types])
        columns |= {column: type_} if type_ else {}
    columns = columns or {"x": "integer"}
    made.add(f"CREATE TYPE {name} AS ({', '.join(map(' '.join, columns.items()))})", f"TYPE {name}")
    made.composites[name] = columns
    _usable(made, name, [])
    made.named += [f"COLUMN {name}.{column}" for column in columns]


def range_type(made: Made, name: str) -> None:
    of = made.pick(f"{name} of", ["integer", "text", "date", "numeric", 'text, collation = "C"'])
    made.add(f"CREATE TYPE {name} AS RANGE (subtype = {of})", f"TYPE {name}")
    _usable(made, name, ["'empty'"])


def _usable(made: Made, name: str, defaults: list[str]) -> None:
    made.types |= {name: defaults, f"{name}[]": ["'{}'"]}
    made.granted.append(f"USAGE ON TYPE {name}")


def sequence(made: Made, name: str) -> None:
    made.add(f"CREATE SEQUENCE {name}{made.pick(f'{name} options', SEQUENCES)}", f"SEQUENCE {name}")
    made.granted += [f"USAGE ON SEQUENCE {name}", f"ALL ON SEQUENCE {name}"]
    made.numbers.append(f"nextval('{name}')")


def function(made: Made, name: str) -> None:
    """Create functions on numbers, types and tables, and for triggers."""
    kinds = ["nothing", "number", "number", "trigger", "type", "table", "row", "procedure", "aggregate"]
    kind = made.pick(f"{name} is", kinds)
    of = made.pick(f"{name} of", list(made.types)) if kind in ("type", "procedure") else "integer"
    if kind in ("table", "row"):
        relations = list(made.relations)
        if not relations:
            return
        of = made.pick(f"{name} over", relations)
    if kind == "number":
        _of_numbers(made, name)
    elif kind == "trigger":
        body = made.pick(f"{name} body", ["RETURN NEW;", "RETURN coalesce(NEW, OLD);", "\n  -- 100%\n  RETURN NULL;\n"])
        made.add(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$")
        made.named.append(f"FUNCTION {name}()")
        made.triggers.append(name)
    elif kind == "type":
        default = made.pick(f"{name} default", ["", *(f" DEFAULT {value}" for value in made.types[of])])
        body = made.pick(f"{name} body", ["RETURN x", "AS 'SELECT x'", f"BEGIN ATOMIC SELECT x::{of}; END"])
        returns = made.pick(f"{name} returns", [of, f"SETOF {of}"])
        body = "AS 'SELECT x'" if returns != of and body == "RETURN x" else body
        made.add(f"CREATE FUNCTION {name}(x {of}{default}) RETURNS {returns} LANGUAGE sql {body}")
        made.named.append(f"FUNCTION {name}({of})")
    elif kind == "procedure":
        body = made.pick(f"{name} body", ["AS ''", "BEGIN ATOMIC END", "BEGIN ATOMIC SELECT x; END"])
        mode = made.pick(f"{name} mode", ["", "INOUT "]) if body.startswith("AS") else ""
        body = "AS 'SELECT x'" if mode else body
        made.add(f"CREATE PROCEDURE {name}({mode}x {of}) LANGUAGE sql {body}", f"PROCEDURE {name}({of})")
    elif kind == "aggregate":
        start = made.pick(f"{name} start", ["", ", INITCOND = 1"])
        made.add(f"CREATE AGGREGATE {name}(integer) (SFUNC = int4pl, STYPE = integer{start})")
        made.named.append(f"AGGREGATE {name}(integer)")
        made.queries.append(f"(SELECT {name}(v) FROM generate_series(1, 3) AS v)")
    elif kind != "nothing":
        _of_relation(made, name, kind, of)


def _of_numbers(made: Made, name: str) -> None:
    argument = made.pick(f"{name} argument", ["x integer", "x integer DEFAULT 5", "x integer, y integer DEFAULT 1"])
    bodies = [*BODY, *(f"RETURN x + {number}" for number in made.constants)]
    qualities = made.pick(f"{name} qualities", ["", " STRICT", " COST 7", " PARALLEL SAFE", " SET work_mem = '9MB'"])
    body = made.pick(f"{name} body", [*bodies, "plpgsql"])
    language = "plpgsql" if body == "plpgsql" else "sql"
    body = "AS $$BEGIN RETURN x + 1; END$$" if body == "plpgsql" else body
    made.add(f"CREATE FUNCTION {name}({argument}) RETURNS integer LANGUAGE {language} IMMUTABLE{qualities} {body}")
    arguments = "integer, integer" if ", y" in argument else "integer"
    made.named.append(f"FUNCTION {name}({arguments})")
    made.granted.append(f"EXECUTE ON FUNCTION {name}({arguments})")
    made.numbers.append(f"{name}(1)")
    made.constants.append(f"{name}(2)")
    if ", y" in argument and made.pick(f"{name} operator", [False, True]):
        sign = {"fa": "###", "fb": "##", "s.fa": "#!#"}.get(name, "#" * len(bare(name)) + "@")
        made.add(f"CREATE OPERATOR {sign} (LEFTARG = integer, RIGHTARG = integer, FUNCTION = {name})")
        made.named.append(f"OPERATOR {sign} (integer, integer)")
        made.constants.append(f"3 OPERATOR(public.{sign}) 4")
        made.numbers.append(f"3 OPERATOR(public.{sign}) 4")


def _of_relation(made: Made, name: str, kind: str, of: str) -> None:
    relation = made.relations[of]
    first = next(iter(relation.columns))
    if kind == "row":
        body = made.pick(f"{name} body", [f"RETURN x.{first} IS NULL", "AS 'SELECT x IS NULL'"])
        made.add(f"CREATE FUNCTION {name}(x {of}) RETURNS boolean LANGUAGE sql STABLE {body}")
        made.named.append(f"FUNCTION {name}({of})")
        return
    form = made.pick(f"{name} form", ["count", "rows", "column", "body"])
    returns, query = {
        "count": ("bigint", f"SELECT count(*) FROM {of}"),
        "rows": (f"SETOF {of}", f"SELECT * FROM {of}"),
        "column": (f"TABLE (y {relation.columns[first]})", f"SELECT {first} FROM {of}"),
        "body": ("bigint", f"SELECT count({first}) FROM {of}"),
    }[form]
    body = f"AS $$ {query} $$" if form == "body" else f"BEGIN ATOMIC {query}; END"
    made.add(f"CREATE FUNCTION {name}() RETURNS {returns} LANGUAGE sql STABLE {body}", f"FUNCTION {name}()")
    if returns == "bigint":
        made.queries.append(f"{name}()")
