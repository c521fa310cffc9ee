"""Checks what the cells of a notebook say about themselves, as nbgrader does, in a tenth of the time."""

import json
from functools import lru_cache
from typing import Any

from nbformat.notebooknode import from_dict
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from nbgrader.nbgraderformat.common import BaseMetadataValidator
from nbgrader.preprocessors import CheckCellMetadata

__all__ = ["CheckMetadata"]


class CheckMetadata(CheckCellMetadata):
    """Takes the place of nbgrader's `CheckCellMetadata`, with the same results and messages.

    For every cell nbgrader checks its own schema too. Here what is the same in another cell, as in
    that of another submission, is not checked again.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Check one notebook."""
        try:
            _validator.validate_nb(nb)
        except ValidationError:
            return super().preprocess(nb, resources)  # says what is wrong
        return nb, resources


class _Remembering(BaseMetadataValidator):
    def validate_cell(self, cell: Any) -> None:
        if "nbgrader" in cell.metadata:
            _check(json.dumps(cell.metadata["nbgrader"], sort_keys=True))


class _Validator(MetadataValidator, _Remembering):
    """nbgrader's validator: its rules for a version, then what is remembered of the schema."""


@lru_cache(maxsize=4096)
def _check(told: str) -> None:
    cell = from_dict({"metadata": {"nbgrader": json.loads(told)}})
    BaseMetadataValidator.validate_cell(_validator, cell)


_validator = _Validator()
