"""The simulated AWS without an engine: the plug-in's own check, then the cloud's answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi_aws

from sandbox.clouds.aws import tokens
from sandbox.clouds.core.checks import normalised, wrong
from sandbox.clouds.core.cloud import Cloud
from sandbox.clouds.core.model import Scope
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.start import cloud

SDK = Sdk(Path(pulumi_aws.__file__).parent)
SCOPE = Scope("123456789012", "eu-central-1")
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}]})


class Desk:
    """Somebody who asks the cloud for one thing after the other."""

    def __init__(self, directory: Path) -> None:
        self.cloud: Cloud = cloud("aws", directory)

    def check(self, token: str, /, **inputs: Any) -> list[str]:
        """What the plug-in itself finds wrong."""
        kind = self.cloud.definition.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        return [f"{each.path}: {each.reason}" for each in wrong(kind, SDK.resource(token), given)]

    def create(self, token: str, /, **inputs: Any) -> dict[str, Any]:
        """Make one; its state."""
        kind = self.cloud.definition.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        assert wrong(kind, SDK.resource(token), given) == []
        return self.cloud.create(kind, "it", SCOPE, given)[1]

    def update(self, token: str, state: dict[str, Any], /, **inputs: Any) -> dict[str, Any]:
        """Change one; its new state."""
        kind = self.cloud.definition.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        return self.cloud.update(kind, "it", SCOPE, state["id"], state, given)

    def delete(self, token: str, state: dict[str, Any]) -> None:
        """Take one away."""
        self.cloud.delete(self.cloud.definition.kinds[token], "it", SCOPE, state["id"], state)

    def vpc(self, cidr: str = "10.0.0.0/16") -> dict[str, Any]:
        """A VPC."""
        return self.create(tokens.VPC, cidrBlock=cidr)

    def subnets(self, vpc: dict[str, Any]) -> list[dict[str, Any]]:
        """Two subnets in two zones."""
        return [
            self.create(
                tokens.SUBNET, vpcId=vpc["id"], cidrBlock=f"10.0.{index}.0/24", availabilityZone=f"eu-central-1{zone}"
            )
            for index, zone in enumerate("ab")
        ]

    def task(self, **changes: Any) -> dict[str, Any]:
        """A task definition for Fargate with one container that listens on 8080."""
        container = {"name": "web", "image": "i", "portMappings": [{"containerPort": 8080}]}
        usual = {
            "family": "web",
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": json.dumps([container]),
        }
        return self.create(tokens.TASK_DEFINITION, **{**usual, **changes})

    def group(self, vpc: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A target group for addresses."""
        usual = {"name": "web", "port": 8080.0, "protocol": "HTTP", "targetType": "ip", "vpcId": vpc["id"]}
        return self.create(tokens.TARGET_GROUP, **{**usual, **changes})

    def listener(self, subnets: list[dict[str, Any]], target: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A load balancer with a listener that leads to a target group."""
        balancer = self.create(
            tokens.LOAD_BALANCER, name="shared", internal=True, subnets=[each["id"] for each in subnets]
        )
        action = {"type": "forward", "targetGroupArn": target["arn"]}
        usual = {"loadBalancerArn": balancer["arn"], "port": 80.0, "defaultActions": [action]}
        return self.create(tokens.LISTENER, **{**usual, **changes})

    def service(self, subnets: list[dict[str, Any]], task: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A service on the cluster ``trial``."""
        usual = {
            "name": "web",
            "cluster": "trial",
            "taskDefinition": task["arn"],
            "desiredCount": 2.0,
            "networkConfiguration": {"subnets": [each["id"] for each in subnets]},
        }
        return self.create(tokens.SERVICE, **{**usual, **changes})
