"""A kind's module is refused when it is imported, if it states or defines what no other package asks for."""

from types import ModuleType

import pytest

from whisper_migrate.catalog.kind import Facts, kind_of
from whisper_migrate.catalog.model import Object
from whisper_migrate.objects import kinds_that

FACTS = Facts(catalog="pg_proc", owner=None)
ITEM = Object("wonder", "public.w", None, (), ())


def _module(facts: Facts, *functions: str) -> ModuleType:
    """Return a module called `wonder` with these functions, each of which returns its own name."""
    module = ModuleType("kinds.wonder")
    source = "\n".join(f"def {name}(*given): return [{name!r}]" for name in functions)
    exec(compile(source, "wonder.py", "exec"), vars(module))
    vars(module).update(FACTS=facts, QUERY="SELECT 1")
    return module


def test_a_kind_has_what_its_module_says_and_nothing_else() -> None:
    kind = kind_of(_module(FACTS, "create", "drop", "_own", "rename"))
    assert (kind.name, kind.catalog, kind.query(180000)) == ("wonder", "pg_proc", "SELECT 1")
    assert (kind.create(ITEM), kind.rename(ITEM, "v")) == (["create"], ["rename"])
    assert (kind.alter(ITEM, ITEM), kind.finish(ITEM), kind.needs(ITEM)) == (None, [], [])
    assert not kind.is_table
    assert kind.without_references(ITEM, ITEM, True) is ITEM


@pytest.mark.parametrize(
    ("facts", "functions", "reason"),
    [
        (FACTS, ("create", "drop", "finsh"), "no hook of a kind, and not in exports: finsh"),
        (Facts(catalog="pg_proc", owner=None, exports=("split",)), ("create", "drop"), "and not defined: split"),
        (FACTS, ("create",), "drop"),
    ],
    ids=["misspelt hook", "helper that is gone", "hook that is missing"],
)
def test_a_module_is_refused(facts: Facts, functions: tuple[str, ...], reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        kind_of(_module(facts, *functions))


def test_a_fact_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TypeError, match="is_tabel"):
        Facts(catalog="pg_class", owner=None, is_tabel=True)  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="is_tabel"):
        kinds_that("is_tabel")
