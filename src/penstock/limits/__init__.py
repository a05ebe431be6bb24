"""May this call go ahead."""

from penstock.limits.admission import Admission

__all__ = ["Admission"]
