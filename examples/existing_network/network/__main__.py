"""A network with a cluster and a load balancer that several environments share, as small as AWS takes it."""

import pulumi
import pulumi_aws as aws

ZONES = ("eu-central-1a", "eu-central-1b")
vpc = aws.ec2.Vpc("shared", cidr_block="10.40.0.0/16", enable_dns_hostnames=True, tags={"Name": "shared"})
gateway = aws.ec2.InternetGateway("shared", vpc_id=vpc.id)


def subnet(reach: str, index: int, **route: pulumi.Input[str]) -> aws.ec2.Subnet:
    """A subnet in a zone, with one way out."""
    name, block = f"{reach}-{ZONES[index]}", f"10.40.{index + (8 if reach == 'public' else 0)}.0/24"
    made = aws.ec2.Subnet(
        name, vpc_id=vpc.id, cidr_block=block, availability_zone=ZONES[index], tags={"Name": name, "reach": reach}
    )
    table = aws.ec2.RouteTable(name, vpc_id=vpc.id)
    aws.ec2.Route(name, route_table_id=table.id, destination_cidr_block="0.0.0.0/0", **route)
    aws.ec2.RouteTableAssociation(name, subnet_id=made.id, route_table_id=table.id)
    return made


public = [subnet("public", index, gateway_id=gateway.id) for index in range(2)]
nat = aws.ec2.NatGateway("nat", subnet_id=public[0].id, allocation_id=aws.ec2.Eip("nat", domain="vpc").id)
private = [subnet("private", index, nat_gateway_id=nat.id) for index in range(2)]

cluster = aws.ecs.Cluster("shared", name="shared")
aws.ecs.ClusterCapacityProviders("shared", cluster_name=cluster.name, capacity_providers=["FARGATE"])

group = aws.ec2.SecurityGroup("balancer", vpc_id=vpc.id, description="Shared load balancer")
aws.vpc.SecurityGroupIngressRule(
    "https", security_group_id=group.id, cidr_ipv4="0.0.0.0/0", ip_protocol="tcp", from_port=443, to_port=443
)
balancer = aws.lb.LoadBalancer(
    "shared",
    name="shared",
    subnets=[one.id for one in public],
    security_groups=[group.id],
    drop_invalid_header_fields=True,
)
listener = aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificate_arn=pulumi.Config().require("certificate"),  # noqa: TID251 - another project's, not caas'
    default_actions=[
        {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
    ],
)

pulumi.export("balancer", balancer.arn)
pulumi.export("listener", listener.arn)
pulumi.export("group", group.id)
