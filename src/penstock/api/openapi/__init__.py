"""The machine-readable documents of the API (OpenAPI 3.1), made from the types that read requests and write answers."""

from penstock.api.openapi.document import document, model_document
from penstock.api.openapi.operation import Operation
from penstock.api.openapi.operations import OPERATIONS

__all__ = ["OPERATIONS", "Operation", "document", "model_document"]
