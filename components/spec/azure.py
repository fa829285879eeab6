"""The settings of an environment on Azure. Rules in ``checks_azure.py``."""

from __future__ import annotations

from pydantic import Field

from components.spec.base import Frozen


class Azure(Frozen):
    """The place, where the platform is `azure-aci`."""

    subscription: str = Field(description="Id of the subscription, a UUID.")
    location: str = Field(description="Such as westeurope.")
