"""A small environment on AWS for the real engine: network, load balancer, cluster, one service, its autoscaling."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sandbox import toolchain
from sandbox.clouds import environment
from tests.sandbox.engine import Engine, project

PROGRAM = """
    import json
    import pulumi
    import pulumi_aws as aws

    CPU, MEMORY, COUNT, NAME, TAG = {cpu!r}, {memory!r}, {count!r}, {name!r}, {tag!r}

    zones = aws.get_availability_zones(state="available").names
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags={{"Name": "trial"}})
    subnets = [
        aws.ec2.Subnet(f"private-{{i}}", vpc_id=vpc.id, cidr_block=f"10.0.{{i}}.0/24", availability_zone=zone)
        for i, zone in enumerate(zones[:2])
    ]
    group = aws.ec2.SecurityGroup("balancer", vpc_id=vpc.id, description="balancer")
    aws.vpc.SecurityGroupIngressRule(
        "http", security_group_id=group.id, ip_protocol="tcp", from_port=80, to_port=80, cidr_ipv4="10.0.0.0/8"
    )
    alb = aws.lb.LoadBalancer(
        "alb", name="trial", internal=True, subnets=[each.id for each in subnets], security_groups=[group.id]
    )
    target = aws.lb.TargetGroup("hello", name=NAME, port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc.id)
    listener = aws.lb.Listener(
        "http",
        load_balancer_arn=alb.arn,
        port=80,
        default_actions=[{{"type": "forward", "target_group_arn": target.arn}}],
    )
    repository = aws.ecr.Repository("hello", name="hello", image_tag_mutability="IMMUTABLE")
    logs = aws.cloudwatch.LogGroup("hello", name="/trial/hello", retention_in_days=30)
    role = aws.iam.Role(
        "execution",
        name="trial-execution",
        assume_role_policy=json.dumps(
            {{
                "Version": "2012-10-17",
                "Statement": [
                    {{
                        "Effect": "Allow",
                        "Principal": {{"Service": "ecs-tasks.amazonaws.com"}},
                        "Action": "sts:AssumeRole",
                    }}
                ],
            }}
        ),
    )
    secret = aws.secretsmanager.Secret("key", name="trial/key", recovery_window_in_days=0)
    aws.secretsmanager.SecretVersion("key", secret_id=secret.id, secret_string=pulumi.Output.secret("hidden-word"))
    cluster = aws.ecs.Cluster("cluster", name="trial")
    task = aws.ecs.TaskDefinition(
        "hello",
        family="hello",
        cpu=CPU,
        memory=MEMORY,
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=role.arn,
        container_definitions=pulumi.Output.json_dumps(
            [
                {{
                    "name": "hello",
                    "image": pulumi.Output.concat(repository.repository_url, ":", TAG),
                    "portMappings": [{{"containerPort": 8080}}],
                }}
            ]
        ),
    )
    service = aws.ecs.Service(
        "hello",
        name="hello",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=COUNT,
        launch_type="FARGATE",
        wait_for_steady_state=True,
        deployment_circuit_breaker={{"enable": True, "rollback": True}},
        network_configuration={{"subnets": [each.id for each in subnets], "security_groups": [group.id]}},
        load_balancers=[{{"target_group_arn": target.arn, "container_name": "hello", "container_port": 8080}}],
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )
    scaled = aws.appautoscaling.Target(
        "hello",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
        min_capacity=1,
        max_capacity=4,
    )
    pulumi.export("url", pulumi.Output.concat("http://", alb.dns_name))
    pulumi.export("task", task.arn)
    pulumi.export("count", service.desired_count)
"""

USUAL: dict[str, Any] = {"cpu": "256", "memory": "512", "count": 2, "name": "hello", "tag": "v1"}

RESOURCES = 17
"""What the program declares of AWS."""


def text(**changes: Any) -> str:
    """The program with some values changed."""
    return PROGRAM.format(**{**USUAL, **changes})


def stack(directory: Path, program: str) -> Engine:
    """A stack ``dev`` whose AWS is simulated, with its world in the directory."""
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = environment.variables(["aws"], given)
    return project(directory, program, CAAS_CLOUDS_DIR=str(directory / "clouds"), **found)


def world(directory: Path) -> dict[str, Any]:
    """The world's file; no plug-in may be running."""
    held: dict[str, Any] = json.loads((directory / "clouds" / "aws.json").read_text())
    return held


def states(directory: Path, token: str, region: str = "eu-central-1") -> list[dict[str, Any]]:
    """States of all resources of a type."""
    records = world(directory)["resources"].get(region, {}).get(token, {})
    return [record["state"] for record in records.values()]


def faults(directory: Path, *rules: dict[str, Any]) -> None:
    """Ask for faults."""
    (directory / "clouds").mkdir(exist_ok=True)
    (directory / "clouds" / "aws.faults.json").write_text(json.dumps(rules))
