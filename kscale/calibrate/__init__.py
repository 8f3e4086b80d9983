"""Coefficients from a real etcd on this machine: driven, fitted, and held against points kept back."""
