"""Views, objects on tables and views, and standalone objects."""

from tests.fuzz.made import INTEGERS, TEXTS, Made, Relation, bare

TRIGGERS = (
    "BEFORE INSERT OR UPDATE ON {} FOR EACH ROW",
    "AFTER INSERT ON {} FOR EACH ROW",
    "AFTER DELETE OR TRUNCATE ON {} FOR EACH STATEMENT",
    "AFTER UPDATE OF {column} ON {} FOR EACH ROW WHEN (OLD.{column} IS NULL)",
    "BEFORE INSERT ON {} FOR EACH ROW WHEN (NEW.{column} IS NOT NULL)",
)
FOR_TABLES = ("AFTER UPDATE ON {} REFERENCING OLD TABLE AS o FOR EACH STATEMENT",)
RULES = (
    "ON INSERT TO {} DO ALSO NOTHING",
    "ON UPDATE TO {} DO INSTEAD NOTHING",
    "ON DELETE TO {} DO ALSO NOTIFY gone",
)
POLICIES = ("USING ({column} IS NULL)", "FOR INSERT WITH CHECK ({column} IS NOT NULL)", "AS RESTRICTIVE USING (true)")
TEXTS_OF_COMMENTS = ("a", 'it\'s 100% :new \\ "quoted"', "two\nlines")


def surroundings(made: Made) -> None:
    """Create schemas, extensions and other objects that the rest of the schema uses."""
    made.has_schema = made.pick("schema", [False, True, True])
    if made.has_schema:
        made.add("CREATE SCHEMA s", "SCHEMA s")
        made.granted += ["USAGE ON SCHEMA s", "ALL ON SCHEMA s"]
    for extension, types in (("citext", {"citext": ["'x'"]}), ("btree_gist", {})):
        if made.pick(extension, [False, False, True]):
            made.add(f"CREATE EXTENSION {extension}")
            made.types |= types
    if locale := made.pick("collation", [None, None, "C", "POSIX"]):
        made.add(f"CREATE COLLATION col (locale = '{locale}')", "COLLATION col")
        made.collations.append("col")
    if form := made.pick("configuration", [None, None, "PARSER = pg_catalog.default", "COPY = simple"]):
        made.add(f"CREATE TEXT SEARCH CONFIGURATION conf ({form})", "TEXT SEARCH CONFIGURATION conf")
        made.configurations.append("conf")
        if stop := made.pick("dictionary", [None, "", ", accept = false"]):
            made.add(f"CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple{stop})", "TEXT SEARCH DICTIONARY dict")
            verb = "ADD" if "PARSER" in form else "ALTER"
            made.add(f"ALTER TEXT SEARCH CONFIGURATION conf {verb} MAPPING FOR asciiword WITH dict")
    if default := made.pick("default privilege", [None, None, "SELECT ON TABLES", "USAGE ON SEQUENCES"]):
        made.add(f"ALTER DEFAULT PRIVILEGES GRANT {default} TO PUBLIC")


def view(made: Made, name: str) -> None:
    query = _query(made, name, list(made.relations))
    options = ["security_barrier = true"] + (["security_invoker = true"] if made.version >= 15 else [])
    options = made.some(f"{name} options", options, 1)
    made.add(f"CREATE VIEW {name}{f' WITH ({options[0]})' if options else ''} AS {query}", f"VIEW {name}")
    own = made.relations[name]
    made.granted.append(f"SELECT ON TABLE {name}")
    for column in own.columns:
        made.named.append(f"COLUMN {name}.{column}")
        if default := made.pick(f"{name}.{column} default", ["", "", "", *made.types.get(own.columns[column], ())[:1]]):
            made.add(f"ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT {default}")


def materialized_view(made: Made, name: str) -> None:
    query = _query(made, name, [one.name for one in made.relations.values() if not one.is_foreign])
    option = made.pick(f"{name} fillfactor", ["", " WITH (fillfactor = 60)"])
    made.add(f"CREATE MATERIALIZED VIEW {name}{option} AS {query}", f"MATERIALIZED VIEW {name}")
    made.relations[name].kind = "materialized view"
    made.granted.append(f"SELECT ON TABLE {name}")


def _query(made: Made, name: str, relations: list[str]) -> str:
    """Return a query over one or two relations, grouped or with function calls; or over none, with constants."""
    over = made.pick(f"{name} over", relations or [None])
    extra = made.some(f"{name} says", [*made.constants, *made.queries], 1)
    said_by = f"said_{bare(name)}"
    said = [f"{expression} AS {said_by}" for expression in extra]
    own = Relation(name, "view", {})
    made.relations[name] = own
    if over is None:
        own.columns = {"x": "integer"} | ({said_by: "?"} if said else {})
        return f"SELECT 1 AS x{', ' + said[0] if said else ''}"
    below = made.relations[over]
    own.is_foreign = below.is_foreign
    columns = [made.pick(f"{name} first", list(below.columns))]
    columns += made.some(f"{name} columns", [one for one in below.columns if one not in columns], 2)
    own.columns = {column: below.columns[column] for column in columns}
    forms = ["plain", "plain", "null", "row", "group", "where", "join", "union"]
    form = made.pick(f"{name} form", [*forms, "key"] if below.has_primary_key else forms)
    listed = [f"o.{column}" for column in columns] + said
    own.columns |= {said_by: "?"} if said else {}
    if form == "null":
        own.columns[f"no_{bare(name)}"] = "boolean"
        listed.append(f"o.{columns[-1]} IS NULL AS no_{bare(name)}")
    elif form == "row":
        own.columns[f"all_{bare(name)}"] = "?"
        listed.append(f"o AS all_{bare(name)}")
    elif form == "group":
        own.columns = {"n": "bigint"}
        return f"SELECT count(o.{columns[0]}) AS n FROM {over} AS o"
    elif form == "key":
        return f"SELECT {', '.join(listed)} FROM {over} AS o GROUP BY o.{below.unique[0]}"
    elif form == "where":
        return f"SELECT {', '.join(listed)} FROM {over} AS o WHERE o.{columns[0]} IS NOT NULL"
    elif form == "join":
        other = made.relations[made.pick(f"{name} with", relations)]
        own.is_foreign |= other.is_foreign
        on = f"p.{next(iter(other.columns))} IS NULL"
        return f"SELECT {', '.join(listed)} FROM {over} AS o LEFT JOIN {other.name} AS p ON {on}"
    elif form == "union":
        return f"SELECT {', '.join(listed)} FROM {over} AS o UNION ALL SELECT {', '.join(listed)} FROM {over} AS o"
    return f"SELECT {', '.join(listed)} FROM {over} AS o"


def on_relations(made: Made) -> None:
    """Create indexes, statistics, triggers, rules and policies; their table may differ within a pair."""
    for number in range(4):
        _index(made, f"index {number}")
    for number in range(3):
        _trigger(made, f"trigger {number}", f"t{number}" if number else '"T t"')
    for number in range(2):
        _rule(made, f"rule {number}", f"r{number}")
        _policy(made, f"policy {number}", f"p{number}")
        _statistics(made, f"statistics {number}", f"st{number}")


def _on(made: Made, what: str, *kinds: str) -> Relation | None:
    """Return the relation that the object is on; None if the object is not created."""
    name = made.pick(f"{what} on", [None, *(one.name for one in made.tables(*kinds))])
    return None if name is None else made.relations[name]


def _index(made: Made, what: str) -> None:
    own = _on(made, what, "table", "partitioned table", "partition", "materialized view")
    stored = [one for one in own.stored if own.columns[one] != "?"] if own else []
    if not own or not stored:
        return
    texts, whole = own.of(*TEXTS), own.of(*INTEGERS)
    forms = [f"({column}{word})" for column in stored for word in ("", " DESC NULLS LAST")]
    forms += [f"(({column} IS NULL)) WHERE {column} IS NOT NULL" for column in stored]
    forms += [f"({column}) INCLUDE ({stored[-1]})" for column in stored[:-1]]
    forms += [f"({column}, {stored[-1]})" for column in stored[:-1]]
    forms += [f"({column} text_pattern_ops)" for column in texts] + [f"(lower({column}))" for column in texts]
    forms += [f"(x, ({number}))" for number in made.constants if "x" in stored]
    forms += [f"USING brin ({column})" for column in whole] + [f"USING hash ({column})" for column in whole]
    forms += [f"USING gin ({column})" for column in own.of("jsonb", "integer[]")]
    forms += [f"USING gin (to_tsvector('{one}', {column}))" for one in made.configurations for column in own.of("text")]
    forms += [f"({column}) WITH (fillfactor = 70)" for column in whole]
    form = made.pick(f"{what} form", forms)
    may_be_unique = own.kind in ("table", "materialized view") and not form.startswith("USING")
    unique = "UNIQUE " if may_be_unique and made.pick(f"{what} unique", [False, False, True]) else ""
    # Chosen last: a table may have an automatic name that conflicts with it.
    name = made.free(what, f"{what.replace(' ', '_')}_idx")
    made.add(f"CREATE {unique}INDEX {name} ON {own.name} {form}")
    if (
        own.kind == "table"
        and "WHERE" not in form
        and "USING" not in form
        and made.pick(f"{what} clustered", [False, False, True])
    ):
        made.add(f"ALTER TABLE {own.name} CLUSTER ON {name}")


def _trigger(made: Made, what: str, name: str) -> None:
    own = _on(made, what, "table", "partitioned table", "view") if made.triggers else None
    if not own:
        return
    function = made.pick(f"{what} runs", made.triggers)
    forms = ["INSTEAD OF INSERT ON {} FOR EACH ROW"] if own.kind == "view" else [*TRIGGERS]
    forms += FOR_TABLES if own.kind == "table" else ()
    plain = [one for one in own.stored if one not in own.computed] or ["x"]
    form = made.pick(f"{what} form", forms).format(own.name, column=plain[0])
    made.add(f"CREATE TRIGGER {name} {form} EXECUTE FUNCTION {function}()", f"TRIGGER {name} ON {own.name}")
    if own.kind != "view" and (state := made.pick(f"{what} state", ["", "", "DISABLE", "ENABLE ALWAYS"])):
        made.add(f"ALTER TABLE {own.name} {state} TRIGGER {name}")


def _rule(made: Made, what: str, name: str) -> None:
    own = _on(made, what, "table", "view", "partitioned table")
    if own:
        others = [f"ON INSERT TO {{}} DO ALSO DELETE FROM {other.name}" for other in made.tables()]
        form = made.pick(f"{what} form", [*RULES, *others]).format(own.name, column=next(iter(own.columns)))
        made.add(f"CREATE RULE {name} AS {form}", f"RULE {name} ON {own.name}")


def _policy(made: Made, what: str, name: str) -> None:
    own = _on(made, what, "table", "partitioned table")
    if own:
        others = [f"USING (EXISTS (SELECT FROM {other} AS o WHERE o IS NOT NULL))" for other in made.relations]
        others += [f"USING ({number} > 0)" for number in made.constants]
        form = made.pick(f"{what} form", [*POLICIES, *others]).format(column=next(iter(own.columns)))
        made.add(f"CREATE POLICY {name} ON {own.name} {form}", f"POLICY {name} ON {own.name}")
        if made.pick(f"{what} in force", [True, False]):
            made.add(f"ALTER TABLE {own.name} ENABLE ROW LEVEL SECURITY")


def _statistics(made: Made, what: str, name: str) -> None:
    own = _on(made, what, "table", "partitioned table", "materialized view")
    columns = [one for one in own.stored if own.columns[one] in (*INTEGERS, *TEXTS)] if own else []
    if own and len(columns) > 1:
        kinds = made.pick(f"{what} kinds", ["", " (ndistinct)", " (mcv, dependencies)"])
        of = made.pick(f"{what} of", [", ".join(columns[:2]), f"({columns[0]} IS NULL), {columns[1]}"])
        made.add(f"CREATE STATISTICS {name}{kinds} ON {of} FROM {own.name}", f"STATISTICS {name}")


def others(made: Made) -> None:
    """Create publications, event triggers, casts, comments and grants."""
    logged = [one for one in made.tables() if not one.unlogged]
    for number in range(2):
        what = f"publication {number}"
        members = ["", "ALL TABLES"] + (["TABLES IN SCHEMA public"] if made.version >= 15 else [])
        for one in logged:
            members.append(f"TABLE {one.name}")
            root = " WITH (publish_via_partition_root = true)" if one.kind == "partitioned table" else ""
            if "x" in one.stored and made.version >= 15:
                members += [f"TABLE {one.name} (x){root}", f"TABLE {one.name} WHERE (x > 0){root}"]
        if (member := made.pick(what, [None, None, *members])) is not None:
            made.add(f"CREATE PUBLICATION pub{number}{' FOR ' if member else ''}{member}", f"PUBLICATION pub{number}")
    for name in made.some("casts", list(made.composites), 1):
        context = made.pick("cast context", ["", " AS ASSIGNMENT"])
        made.add(f"CREATE CAST ({name} AS integer) WITH INOUT{context}", f"CAST ({name} AS integer)")
    if event := made.pick("event trigger", [None, None, None, "ddl_command_start", "sql_drop"]):
        made.add("CREATE FUNCTION evf() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
        made.add(f"CREATE EVENT TRIGGER ev ON {event} EXECUTE FUNCTION evf()", "EVENT TRIGGER ev")
    for number, target in enumerate(made.some("comments", made.named, 5)):
        text = made.pick(f"comment {number} says", TEXTS_OF_COMMENTS).replace("'", "''")
        made.add(f"COMMENT ON {target} IS '{text}'")
    for right in made.some("grants", made.granted, 4):
        made.add(f"GRANT {right} TO PUBLIC")
    if made.pick("revoked", [False, False, True]):
        for right in made.some("revokes", [one for one in made.granted if "FUNCTION" in one or " TYPE " in one], 2):
            made.add(f"REVOKE {right} FROM PUBLIC")
