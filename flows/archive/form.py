"""The form of the archive run's deployment: parameters in groups, in the order of the groups, each described.

In: ``ArchiveParams``. Out: a function's signature, from which Prefect makes the form and checks what is typed
into it. The same groups order the options of ``veernet batch`` (``flows.wording``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import Field

from flows import wording
from flows.archive.params import ArchiveParams

_F = TypeVar("_F", bound=Callable[..., Any])


def with_parameters(function: _F) -> _F:
    """Give a function of keywords the signature and the descriptions of ``ArchiveParams``.

    Prefect takes titles and ranges from the annotations, descriptions from the docstring (Google style), and
    the order from the signature.
    """
    model = ArchiveParams.model_fields
    names = [name for group in wording.GROUPS.values() for name in group]
    function.__signature__ = inspect.Signature([_parameter(name) for name in names])  # type: ignore[attr-defined]
    lines = [f"    {name}: {model[name].description}" for name in names]
    summary = inspect.cleandoc(function.__doc__ or "")
    function.__doc__ = "\n".join([summary, "", "Args:", *lines])
    return function


def _parameter(name: str) -> inspect.Parameter:
    field = ArchiveParams.model_fields[name]
    shown = Field(
        description=field.description, json_schema_extra={"title": wording.title_of(name)}
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if field.is_required() else field.default,
        annotation=Annotated[(field.annotation, *field.metadata, shown)],
    )
