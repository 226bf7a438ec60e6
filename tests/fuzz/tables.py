"""Tables of every form, with their columns and constraints."""

from tests.fuzz.made import INTEGERS, TEXTS, Made, Relation, bare

COLUMNS = (("x", "y", "z", '"q Q"'), ("x", "z", '"q Q"', "y"), ("x", '"q Q"', "y", "w"), ("x", "y", "w", "v"))
KEYS = ("RANGE ({})", "LIST ({})", "HASH ({})")
OPTIONS = ("fillfactor = 70", "autovacuum_enabled = false", "toast.autovacuum_enabled = false")
ACTIONS = ("", " ON DELETE CASCADE", " ON UPDATE SET NULL", " ON DELETE SET DEFAULT", " MATCH FULL")
DEFERRED = ("", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED")


def table(made: Made, name: str) -> None:
    relation = Relation(name, "table", {}, unlogged=made.pick(f"{name} unlogged", [False, False, False, True]))
    parts = _columns(made, relation) + _constraints(made, relation)
    unlogged = "UNLOGGED " if relation.unlogged else ""
    options = made.some(f"{name} options", OPTIONS, 2)
    storage = f" WITH ({', '.join(options)})" if options else ""
    _add(made, relation, f"CREATE {unlogged}TABLE {name} ({', '.join(parts)}){storage}")
    _settings(made, relation)


def partitioned(made: Made, name: str) -> None:
    form = made.pick(f"{name} by", KEYS)
    relation = Relation(name, "partitioned table", {}, key="x", bound=form[0])
    parts = _columns(made, relation) + _constraints(made, relation)
    _add(made, relation, f"CREATE TABLE {name} ({', '.join(parts)}) PARTITION BY {form.format('x')}")
    if made.pick(f"{name} default partition", [False, True]) and form[0] != "H":
        part = f'"{bare(name)} rest"'
        made.add(f"CREATE TABLE {part} PARTITION OF {name} DEFAULT", f"TABLE {part}")


def partition(made: Made, name: str) -> None:
    """Create a partition with bounds of its own; a table, if there is no partitioned table."""
    whole = made.pick(f"{name} part of", [one.name for one in made.tables("partitioned table")] or [None])
    if whole is None:
        table(made, name)
        return
    above = made.relations[whole]
    number = sum(one.kind == "partition" for one in made.relations.values())
    bound = {
        "R": f"FROM ({number * 10}) TO ({number * 10 + made.pick(f'{name} width', [10, 5])})",
        "L": f"IN ({number * 3}{made.pick(f'{name} more', ['', f', {number * 3 + 1}'])})",
        "H": f"WITH (MODULUS 16, REMAINDER {number})",
    }[above.bound]
    own = Relation(name, "partition", dict(above.columns), above.computed, above.virtual)
    parts = []
    for column in [one for one in own.stored if one not in own.computed and not _is_identity(made, whole, one)][:2]:
        if default := made.pick(f"{name}.{column} own default", ["", "", *made.types[own.columns[column]]]):
            parts.append(f"{column} DEFAULT {default}")
    if made.pick(f"{name} own check", [False, False, True]):
        parts.append(f"CONSTRAINT {made.free(f'{name} check', f'{bare(name)}_own')} CHECK (x <> 99)")
    listed = f" ({', '.join(parts)})" if parts else ""
    _add(made, own, f"CREATE TABLE {name} PARTITION OF {whole}{listed} FOR VALUES {bound}")


def _is_identity(made: Made, table: str, column: str) -> bool:
    return made.choices.made.get(f"{table}.{column} value", "").startswith("GENERATED")


def heir(made: Made, name: str) -> None:
    """Create a table that inherits from another; a plain table, if there is none."""
    parents = made.some(f"{name} heir of", [one.name for one in made.tables("table") if not one.unlogged], 1)
    if not parents:
        table(made, name)
        return
    above = made.relations[parents[0]]
    own = Relation(name, "table", {})
    parts = _columns(made, own, (f"{bare(name)}_own", f'"{bare(name)} more"')) + _constraints(made, own)
    own.columns = {**above.columns, **own.columns}
    own.computed |= above.computed
    own.virtual |= above.virtual
    _add(made, own, f"CREATE TABLE {name} ({', '.join(parts)}) INHERITS ({above.name})")


def typed(made: Made, name: str) -> None:
    """Create a table of a composite type; a plain table, if there is no such type."""
    of = made.pick(f"{name} typed", list(made.composites) or [None])
    if of is None:
        table(made, name)
        return
    own = Relation(name, "table", dict(made.composites[of]))
    parts = []
    for column, type_ in own.columns.items():
        words = made.pick(f"{name}.{column} words", ["", "NOT NULL", *(f"DEFAULT {one}" for one in made.types[type_])])
        parts += [f"{column} WITH OPTIONS {words}"] if words else []
    parts += _constraints(made, own)
    listed = f" ({', '.join(parts)})" if parts else ""
    _add(made, own, f"CREATE TABLE {name} OF {of}{listed}")


def foreign(made: Made, name: str) -> None:
    """Create a foreign table, on a server that is never connected to."""
    if not any(statement.startswith("CREATE SERVER") for statement in made.statements):
        made.add("CREATE FOREIGN DATA WRAPPER wrapper", "FOREIGN DATA WRAPPER wrapper")
        made.add("CREATE SERVER server FOREIGN DATA WRAPPER wrapper OPTIONS (host 'a')", "SERVER server")
    own = Relation(name, "foreign table", {}, is_foreign=True)
    parts = _columns(made, own)
    option = made.pick(f"{name} options", ["", " OPTIONS (a '1')", " OPTIONS (a '2', \"B b\" 'it''s')"])
    made.add(f"CREATE FOREIGN TABLE {name} ({', '.join(parts)}) SERVER server{option}", f"FOREIGN TABLE {name}")
    made.relations[name] = own


def _add(made: Made, own: Relation, statement: str) -> None:
    made.add(statement, f"TABLE {own.name}", *(f"COLUMN {own.name}.{column}" for column in own.columns))
    made.relations[own.name] = own
    made.granted += [f"SELECT, INSERT ON TABLE {own.name}", f"ALL ON TABLE {own.name}"]
    made.granted += [f"SELECT ({column}) ON TABLE {own.name}" for column in list(own.columns)[:2]]


def _columns(made: Made, own: Relation, names: tuple[str, ...] | None = None) -> list[str]:
    """Return the column definitions; the first column is an integer, which keys can use."""
    parts = []
    for number, column in enumerate(names or made.pick(f"{own.name} columns", COLUMNS)):
        what = f"{own.name}.{column}"
        if number == 0:
            type_ = made.pick(f"{what} type", INTEGERS)
        else:
            type_ = made.pick(f"{what} type", [None, *made.types, *INTEGERS, *TEXTS])
        if type_ is not None:
            parts.append(_column(made, own, what, column, type_))
            own.columns[column] = type_
    return parts


def _column(made: Made, own: Relation, what: str, column: str, type_: str) -> str:
    words = [column, type_]
    if type_ in TEXTS and (collation := made.pick(f"{what} collation", [None, None, *made.collations])):
        words.append(f"COLLATE {collation}")
    values = [f"DEFAULT {default}" for default in made.types[type_]]
    if type_ in ("integer", "bigint"):
        values += [f"DEFAULT {number}" for number in made.numbers]
        if own.kind == "table":
            values += [f"GENERATED {kind} AS IDENTITY" for kind in ("ALWAYS", "BY DEFAULT")]
            values.append("GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2 CYCLE)")
    sources = [one for one in own.columns if one not in own.computed]
    expressions = []
    if sources and own.kind != "foreign table" and column != own.key:
        expressions += [f"{source} IS NULL" for source in sources] if type_ == "boolean" else []
        if type_ == "integer":
            expressions += [f"{source} + 1" for source in sources if own.columns[source] in ("integer", "smallint")]
            expressions += made.constants
    for expression in expressions:
        kinds = ["STORED", "VIRTUAL"] if made.version >= 18 and expression not in made.constants else ["STORED"]
        values += [f"GENERATED ALWAYS AS ({expression}) {kind}" for kind in kinds]
    value = made.pick(f"{what} value", ["", "", "", *values])
    words.append(value)
    if " AS (" in value:
        own.computed.add(column)
    if value.endswith("VIRTUAL"):
        own.virtual.add(column)
    else:
        words.append(made.pick(f"{what} null", ["", "", "NOT NULL", *_named(made, own)]))
    return " ".join(words)


def _named(made: Made, own: Relation) -> list[str]:
    """Return a NOT NULL with a name; PostgreSQL 18 and later keep the name."""
    return [f"CONSTRAINT {bare(own.name)}_there NOT NULL"] if made.version >= 18 and not own.columns else []


def _constraints(made: Made, own: Relation) -> list[str]:
    """Return the constraints inside CREATE TABLE: all but foreign keys."""
    parts, name = [], own.name
    sortable = [one for one in own.stored if one not in own.virtual]
    keys = [own.key] if own.key else sortable
    key = made.pick(f"{name} primary key", [None, *keys])
    if key:
        parts.append(f"{_called(made, f'{name} primary key', f'{bare(name)}_pk')}PRIMARY KEY ({key})")
        own.unique.append(key)
        own.has_primary_key = True
    for number, column in enumerate(made.some(f"{name} unique", keys, 2)):
        what = f"{name} unique {number}"
        nulls = made.pick(f"{what} nulls", ["", " NULLS NOT DISTINCT"]) if made.version >= 15 else ""
        include = made.pick(f"{what} include", ["", f" INCLUDE ({sortable[-1]})"]) if sortable[-1] != column else ""
        deferred = made.pick(f"{what} deferred", DEFERRED)
        called = _called(made, what, f"{bare(name)}_u{number}")
        parts.append(f"{called}UNIQUE{nulls} ({column}){include}{deferred}")
        own.unique += [] if deferred else [column]
    whole = own.of("integer")
    checks = [f"{column} IS NOT NULL" for column in own.stored] + [f"{column} > 0" for column in whole]
    checks += [f"{column} > {number}" for column in whole[:1] for number in made.constants]
    checks += [f"{column} IN ('x', 'y')" for column in own.of(*TEXTS)]
    checks += [
        f"{column} = ANY ('{{x,y}}'::text[]) AND ({column} <> 'no' AND length({column}) < 9)"
        for column in own.of("text")
    ]
    for number, check in enumerate(made.some(f"{name} checks", checks, 3)):
        inherit = made.pick(f"{name} check {number} inherit", ["", "", " NO INHERIT"]) if own.key is None else ""
        called = _called(made, f"{name} check {number}", f"{bare(name)}_c{number}")
        parts.append(f"{called}CHECK ({check}){inherit}")
    if whole and own.key is None and made.pick(f"{name} exclusion", [False, False, False, True]):
        called = _called(made, f"{name} exclusion", f"{bare(name)}_x")
        parts.append(f"{called}EXCLUDE USING gist (int4range({whole[0]}, {whole[0]}, '[]') WITH &&)")
    return parts


def _called(made: Made, what: str, extra: str) -> str:
    """Return a constraint's name clause, or "" to let PostgreSQL choose the name."""
    return f"CONSTRAINT {made.free(what, extra)} " if made.pick(f"{what} is named", [True, False]) else ""


def _settings(made: Made, own: Relation) -> None:
    """Apply settings that CREATE TABLE cannot express."""
    for column in made.some(f"{own.name} settings", own.stored, 2):
        forms = ["STATISTICS 50", "(n_distinct = 5)"]
        forms += ["STORAGE EXTERNAL", "STORAGE MAIN", "COMPRESSION pglz"] if own.columns[column] in TEXTS else []
        form = made.pick(f"{own.name}.{column} set", [f"SET {form}" for form in forms])
        made.add(f"ALTER TABLE {own.name} ALTER COLUMN {column} {form}")
    if identity := made.pick(f"{own.name} replica identity", ["", "", "", "FULL", "NOTHING"]):
        made.add(f"ALTER TABLE {own.name} REPLICA IDENTITY {identity}")


def foreign_keys(made: Made) -> None:
    """Create foreign keys between any tables, even in cycles."""
    for number in range(4):
        what = f"foreign key {number}"
        found = [
            (own.name, column, other.name, target)
            for own in made.tables()
            for column, type_ in own.columns.items()
            for other in made.tables()
            for target in other.unique
            if other.columns[target] == type_ and column not in own.computed and own.unlogged == other.unlogged
        ]
        if ends := made.pick(f"{what} between", [None, *found, *found[:1]]):
            table, column, other, target = ends
            kept = made.pick(f"{what} actions", ACTIONS) + made.pick(f"{what} deferred", DEFERRED)
            may_wait = made.relations[table].kind == "table"
            kept += made.pick(f"{what} valid", ["", "", " NOT VALID"]) if may_wait else ""
            called = _called(made, what, f"fk{number}")
            made.add(f"ALTER TABLE {table} ADD {called}FOREIGN KEY ({column}) REFERENCES {other} ({target}){kept}")
