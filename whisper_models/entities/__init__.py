"""What the WhisperEngine schema has besides tables, in an order in which it can be created.

Extensions come first, since indexes need their operator classes. Functions need no table, but one takes an enum as
its argument. Views and triggers need the tables. An entity of alembic-utils carries no comment: where there is one, it
follows its entity as plain DDL.
"""

from whisper_models.entities.extensions import EXTENSIONS
from whisper_models.entities.functions import FUNCTIONS
from whisper_models.entities.triggers import TRIGGERS
from whisper_models.entities.views import VIEWS

ENTITIES = (*EXTENSIONS, *FUNCTIONS, *VIEWS, *TRIGGERS)

__all__ = ["ENTITIES"]
