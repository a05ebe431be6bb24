"""What a model or vendor can do with each parameter of a request, and what is done with one that it lacks."""

from penstock.params.settle import Abilities, Settled, lacking, settle

__all__ = ["Abilities", "Settled", "lacking", "settle"]
