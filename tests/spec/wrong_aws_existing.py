"""Wrong configurations of the platform aws-ecs: what exists already and is named, and what protects."""

from __future__ import annotations

import json
from typing import Any

from tests.spec.wrong_aws import BALANCER, CERTIFICATE, ELB, REGION, REGISTRY, SUBNETS, TAGS, VPC, service, setting
from tests.spec.wrong_case import Case

STATE = "aws.vpc.terraform.state"
ACL = f"arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/{'0' * 8}-0000"


def terraform(id: str, key: str, limit: str, remedy: str, state: object, **more: Any) -> Case:
    """A network by the outputs of this state; no file where there is None."""
    files = {} if state is None else {"network.tfstate": state if isinstance(state, str) else json.dumps(state)}
    changes = {STATE: "network.tfstate", **more.pop("changes", {})}
    return setting(f"terraform-{id}", f"aws.vpc.terraform.{key}", limit, remedy, changes, files=files, **more)


def outputs(**changes: Any) -> dict[str, Any]:
    """A state whose outputs are right, but for the changes; None takes one away."""
    known = {"vpc_id": "vpc-0123456789abcdef0", "private_subnets": SUBNETS[:2], "public_subnets": SUBNETS[2:]}
    values = {key: value for key, value in {**known, **changes}.items() if value is not None}
    return {"version": 4, "outputs": {key: {"value": value} for key, value in values.items()}}


EXISTING_ON_AWS = [
    setting(
        "no-way-to-the-network",
        "aws.vpc",
        "exactly one of id, tags and terraform; there none is given",
        "add one of them",
        {"aws.vpc": {}},
    ),
    setting(
        "two-ways-to-the-network",
        "aws.vpc",
        "exactly one of id, tags and terraform; there are id and tags",
        "keep one of id and tags",
        {**VPC, "aws.vpc.tags": {"Name": "shared"}},
    ),
    setting(
        "tags-alone",
        "aws.vpc.tags",
        "publicTags beside tags",
        "add publicTags",
        {**TAGS, "aws.vpc.publicTags": {}},
    ),
    setting(
        "tags-that-tell-nothing-apart",
        "aws.vpc.privateTags",
        "tags that the public subnets have not",
        "tells them apart",
        {**TAGS, "aws.vpc.privateTags": {"reach": "public"}},
    ),
    setting(
        "tags-beside-an-id",
        "aws.vpc.publicTags",
        "publicTags only beside tags",
        "remove publicTags",
        {**VPC, "aws.vpc.publicTags": {"reach": "public"}},
    ),
    setting(
        "subnets-beside-tags",
        "aws.vpc.privateSubnets",
        "privateSubnets only beside id",
        "remove privateSubnets",
        {**TAGS, "aws.vpc.privateSubnets": SUBNETS[:2]},
    ),
    setting(
        "tags-and-nat", "aws.nat", "only one of vpc and nat", "remove nat, or remove vpc", {**TAGS, "aws.nat": "zone"}
    ),
    setting(
        "zones-of-tags",
        "aws.zones",
        "2 or 3 different zones",
        "name 2 or 3",
        {**TAGS, "aws.zones": ["eu-central-1a"]},
    ),
    terraform("missing", "state", "a file that can be read", "terraform.tfstate", None),
    terraform("no-json", "state", "a Terraform state: JSON", "terraform.tfstate", "version = 4"),
    terraform("old-format", "state", "of format 4", "a present Terraform", {"version": 3, "modules": []}),
    terraform(
        "no-output",
        "vpc",
        "an output of network.tfstate; there are private_subnets, public_subnets",
        "name one of them",
        outputs(vpc_id=None),
        line="terraform",
    ),
    terraform(
        "another-type",
        "privateSubnets",
        "a list of subnet ids",
        "name another output",
        outputs(ids="subnet-0123456789abcdef0"),
        changes={"aws.vpc.terraform.privateSubnets": "ids"},
    ),
    terraform(
        "another-id",
        "vpc",
        "an output that holds the id of a VPC",
        "correct its value",
        outputs(vpc_id="main"),
        line="terraform",
    ),
    setting("cluster-name", "aws.cluster", "the name or the ARN", "shared", {"aws.cluster": "not a name"}),
    setting(
        "cluster-of-another-account",
        "aws.cluster",
        f"in the region {REGION} and the account 123456789012",
        "beside the services",
        {"aws.cluster": f"arn:aws:ecs:{REGION}:210987654321:cluster/shared"},
    ),
    setting(
        "balancer-arn",
        "aws.loadBalancer.arn",
        "an Application Load Balancer",
        "loadbalancer/app/NAME/ID",
        {**BALANCER, "aws.loadBalancer.arn": f"{ELB}:loadbalancer/net/shared/0123456789abcdef"},
    ),
    setting(
        "balancer-listener",
        "aws.loadBalancer.listener",
        "the ARN of a listener",
        "listener/app/NAME/ID/ID",
        {**BALANCER, "aws.loadBalancer.listener": f"{ELB}:loadbalancer/app/shared/0123456789abcdef"},
    ),
    setting(
        "listener-of-another-balancer",
        "aws.loadBalancer.listener",
        "a listener of the load balancer app/shared/0123456789abcdef",
        "the same load balancer",
        {**BALANCER, "aws.loadBalancer.listener": f"{ELB}:listener/app/other/0123456789abcdef/0123456789abcdef"},
    ),
    setting(
        "certificate-of-a-shared-balancer",
        "aws.certificate",
        "belongs to the owner of the load balancer",
        "remove certificate",
        {**BALANCER, "aws.certificate": CERTIFICATE},
    ),
    setting(
        "waf-of-a-shared-balancer",
        "aws.waf",
        "only one of loadBalancer and waf",
        "remove waf",
        {**BALANCER, "aws.waf": "managed"},
    ),
    setting(
        "http-on-a-shared-balancer",
        "aws.loadBalancer",
        "ingress without TLS (hello)",
        "add httpListener",
        {**BALANCER, "overrides.hello.ingress.tls": False},
    ),
    setting(
        "too-far-on-a-shared-balancer",
        "aws.loadBalancer.priorityOffset",
        "from 0 to 47500",
        "write 47500 or less",
        {**BALANCER, "aws.loadBalancer.priorityOffset": 50000},
    ),
    setting("waf", "aws.waf", "managed, none, or the ARN", "write managed", {"aws.waf": "on"}),
    setting("waf-of-another-region", "aws.waf", f"in the region {REGION}", "beside the services", {"aws.waf": ACL}),
    setting("zone-id", "aws.zone", "the id of a Route 53 zone", "Z0123456789", {"aws.zone": "example.org"}),
    service(
        "cache-in-the-own-repository",
        "build.cacheTo",
        "in those no tag can be moved",
        "another repository",
        {"build.cacheTo": f"{REGISTRY}/hello:cache"},
    ),
]
