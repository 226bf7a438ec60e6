"""The projects: what to install, where their alembic.ini is, and what they need besides."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wild:
    """A project of others, pinned. Its files are used as the package index has them.

    `ini` is the path of its alembic.ini below site-packages. `baseline` is the option of this name. `environ` are its
    own settings: no connection is made to the addresses in them.
    """

    name: str
    requirements: tuple[str, ...]
    ini: str
    baseline: str | None = None
    models: str | None = None
    environ: dict[str, str] = field(default_factory=dict)


NOWHERE = "postgresql+asyncpg://nobody@nowhere.invalid/none"
PROJECTS = (
    Wild(
        "prefect",
        ("prefect==3.9.1",),
        "prefect/server/database/alembic.ini",
        environ={"PREFECT_API_DATABASE_CONNECTION_URL": NOWHERE},
    ),
    Wild("optuna", ("optuna==5.0.0",), "optuna/storages/_rdb/alembic.ini"),
    Wild(
        "mlflow",
        ("mlflow==3.17.2",),
        "mlflow/store/db_migrations/alembic.ini",
        baseline="mlflow.store.tracking.dbmodels.initial_models:Base.metadata",
    ),
    Wild(
        "argilla",
        ("argilla-server==2.8.0", "asyncpg==0.32.0"),
        "argilla_server/alembic.ini",
        environ={"ARGILLA_DATABASE_URL": NOWHERE},
    ),
)
