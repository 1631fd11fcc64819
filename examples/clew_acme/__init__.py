"""Make acme: a small retail company out of a seed, with everything that Clew must cope with."""

from clew_acme.generate import generate

__all__ = ["generate"]
