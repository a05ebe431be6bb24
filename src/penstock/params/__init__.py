"""What a model or vendor can do with each parameter of a request, and what is done with one that it lacks."""

from penstock.params.capabilities import Capabilities, Parameter, Support, parameters
from penstock.params.settle import Settled, lacking, settle

__all__ = ["Capabilities", "Parameter", "Settled", "Support", "lacking", "parameters", "settle"]
