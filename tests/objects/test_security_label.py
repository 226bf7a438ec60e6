"""Security labels are reported. The servers here have no label provider, so the statement is only compared as text."""

import pytest

from tests.conftest import MakeDatabase
from tests.objects.harness import apply, catalog
from tests.support.connections import connected
from whisper_migrate.catalog.describe import line
from whisper_migrate.catalog.model import diff
from whisper_migrate.planning.plan import plan, statements

LABELLED = {
    "table t": ("'pg_class'::regclass, 't'::regclass, 0", "TABLE public.t"),
    "table column t.n": ("'pg_class'::regclass, 't'::regclass, 1", "COLUMN public.t.n"),
    "function f()": ("'pg_proc'::regclass, 'f()'::regprocedure, 0", "FUNCTION public.f()"),
}


@pytest.mark.parametrize("name", LABELLED)
def test_security_label(make_database: MakeDatabase, name: str) -> None:
    address, statement = LABELLED[name]
    with connected(make_database()) as connection:
        apply(connection, "CREATE TABLE t (n int); CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1")
        clean = catalog(connection)
        apply(
            connection,
            "SET allow_system_table_mods = on",
            "INSERT INTO pg_seclabel (classoid, objoid, objsubid, provider, label)"
            f" SELECT {address}, 'guard', 'it''s secret'",
        )
        drifted = catalog(connection)
        (change,) = diff(clean, drifted)
        assert line(change).startswith(f"+ security label guard on {name}")
        assert statements(plan(clean, drifted)) == [f"SECURITY LABEL FOR guard ON {statement} IS 'it''s secret'"]
        assert statements(plan(drifted, clean)) == [f"SECURITY LABEL FOR guard ON {statement} IS NULL"]
