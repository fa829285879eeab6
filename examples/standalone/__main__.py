"""The component classes in a program of one's own: one service, by digest, in a namespace of its own."""

import sys
from pathlib import Path
from typing import Any

import pulumi

sys.path.insert(0, str(Path(__file__).absolute().parents[2]))  # where the components are

from components import stack_config
from components.image import ContainerImage, ContainerImageArgs
from components.kubernetes.service import Service, ServiceArgs
from components.registry import ContainerRegistry, ContainerRegistryArgs


def keep_two_revisions(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """What the description has no key for: any property of any child."""
    if args.type_ != "kubernetes:apps/v1:Deployment":
        return None
    spec: Any = args.props["spec"]
    return pulumi.ResourceTransformResult({**args.props, "spec": {**spec, "revisionHistoryLimit": 2}}, args.opts)


config = stack_config.load()
registry = ContainerRegistry("registry", ContainerRegistryArgs(spec=config.environment.registry))
(shop,) = config.environment.services
image = ContainerImage("shop", ContainerImageArgs(digest=shop.image))
arguments = ServiceArgs(
    spec=shop,
    environment=config.environment,
    image=image.reference,
    secrets=config.secrets,
    transforms=[keep_two_revisions],
)
pulumi.export("url", Service("shop", arguments).url)
pulumi.export("pushTo", registry.repository("shop"))
