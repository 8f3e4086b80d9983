"""kscale: where a Kubernetes control plane breaks, and what each optimization buys."""

__version__ = "0.6.0"
