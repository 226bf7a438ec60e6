"""The tools: their packages, pinned with all that they need, and the file that asks each for a comparison."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """A tool by its name, its driver in the folder `drivers`, its packages, and its settings in words.

    Without a driver, the tool is the text of `pg_dump -s`. `wheel`: this engine's own wheel is installed as well.
    """

    name: str
    driver: str | None
    packages: tuple[str, ...]
    settings: str
    wheel: bool = False


ALEMBIC = ("alembic==1.20.1", "sqlalchemy==2.1.9", "mako==1.4.3", "markupsafe==3.0.4", "psycopg2-binary==2.9.13")
ALEMBIC += ("typing-extensions==4.16.0",)
PSYCOPG = ("psycopg==3.3.9", "psycopg-binary==3.3.9", "typing-extensions==4.16.0")
OURS = Tool(
    "whisper-migrate",
    "ours",
    (
        *ALEMBIC,
        "click==8.5.1",
        "rich==15.0.0",
        "pygments==2.21.0",
        "markdown-it-py==4.3.0",
        "mdurl==0.1.2",
        "python-dotenv==1.2.4",
        "filelock==4.2.12",
    ),
    "the lines of `check-drift` and the script of `repair`, owners not compared",
    wheel=True,
)
PG_DUMP = Tool("pg_dump -s", None, (), "the text of both dumps, compared with `diff -u`")
TOOLS = (
    OURS,
    PG_DUMP,
    Tool(
        "results",
        "results_dbdiff",
        (*PSYCOPG, "results==2.0.1789346060", "psycopg-pool==3.3.3", "pglast==8.8", "click==8.5.1"),
        "`results dbdiff --with-privileges`",
    ),
    Tool(
        "pgmig",
        "pgmig_generate",
        (
            *PSYCOPG,
            "pgmig==1.1.0",
            "pydantic==2.14.4",
            "pydantic-core==2.50.5",
            "annotated-types==0.8.0",
            "annotated-doc==0.0.7",
            "typing-inspection==0.4.5",
            "typer==0.29.2",
            "shellingham==1.5.4",
            "rich==15.0.0",
            "pygments==2.21.0",
            "markdown-it-py==4.3.0",
            "mdurl==0.1.2",
        ),
        "`pgmig generate --include-owner --include-grants`",
    ),
    Tool(
        "Alembic",
        "alembic_alone",
        ALEMBIC,
        "autogenerate with `compare_type`, `compare_server_default` and `include_schemas`",
    ),
    Tool(
        "Alembic with plug-ins",
        "alembic_plugins",
        (*ALEMBIC, "alembic-utils==0.8.8", "flupy==1.2.5", "parse==1.22.4", "alembic-postgresql-enum==1.11.0"),
        "the same with `alembic.ext.checkconstraint_byname` (part of Alembic), alembic-postgresql-enum, and "
        "alembic-utils, to which every function, view, trigger (but a partition's copy), policy, extension and grant "
        "is declared",
    ),
)
