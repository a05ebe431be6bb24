"""What a model or vendor can do with each parameter of a request, and what is done with one that it lacks."""

from penstock.params.capabilities import Capabilities, Parameter, Support, parameters
from penstock.params.settle import Settled, check_strict, settle

__all__ = ["Capabilities", "Parameter", "Settled", "Support", "check_strict", "parameters", "settle"]
