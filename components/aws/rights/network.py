"""What a network, its load balancers, names and certificates take. Pure data.

A certificate is asked for by an administrator: the action knows no resource.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.aws.rights.model import Grant, Rights, ec2, simple

_ZONE = "arn:aws:route53:::hostedzone/*"


def _elb(*things: str) -> tuple[str, ...]:
    return tuple(f"arn:aws:elasticloadbalancing:{{region}}:{{account}}:{thing}" for thing in things)


def _vpc_part(thing: str, look: str, make: str, change: str, beside: tuple[str, ...] = ()) -> Rights:
    """Rights of a part of a network: made anywhere in the account, changed where it is the environment's."""
    touched = tuple(ec2(each) for each in (thing, *beside))
    made = (Grant(tuple(make.split()), touched),) if make else ()
    return Rights(tuple(look.split()), write=(*made, Grant(tuple(change.split()), touched, own=True)))


_RULES = Rights(
    ("ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"),
    write=(
        Grant(
            ("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:ModifySecurityGroupRules"),
            (ec2("security-group-rule"),),
        ),
        Grant(
            (
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:ModifySecurityGroupRules",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
            ),
            (ec2("security-group"),),
            own=True,
        ),
    ),
)

RIGHTS: Mapping[str, Rights] = {
    "aws:acm/certificate:Certificate": simple(
        "arn:aws:acm:{region}:{account}:certificate/*",
        "acm:DescribeCertificate acm:ListTagsForCertificate",
        "acm:AddTagsToCertificate acm:DeleteCertificate acm:RemoveTagsFromCertificate",
        own=True,
    ),
    "aws:acm/certificateValidation:CertificateValidation": simple(
        "arn:aws:acm:{region}:{account}:certificate/*", "acm:DescribeCertificate", ""
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _RULES,
    "aws:ec2/eip:Eip": _vpc_part(
        "elastic-ip",
        "ec2:DescribeAddresses ec2:DescribeAddressesAttribute",
        "ec2:AllocateAddress",
        "ec2:ReleaseAddress",
    ),
    "aws:ec2/flowLog:FlowLog": _vpc_part(
        "vpc-flow-log", "ec2:DescribeFlowLogs", "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", ("vpc",)
    ),
    "aws:ec2/internetGateway:InternetGateway": _vpc_part(
        "internet-gateway",
        "ec2:DescribeInternetGateways",
        "ec2:CreateInternetGateway",
        "ec2:AttachInternetGateway ec2:DeleteInternetGateway ec2:DetachInternetGateway",
        ("vpc",),
    ),
    "aws:ec2/natGateway:NatGateway": _vpc_part(
        "natgateway",
        "ec2:DescribeNatGateways",
        "ec2:CreateNatGateway",
        "ec2:DeleteNatGateway",
        ("subnet", "elastic-ip"),
    ),
    "aws:ec2/route:Route": _vpc_part(
        "route-table", "ec2:DescribeRouteTables", "", "ec2:CreateRoute ec2:DeleteRoute ec2:ReplaceRoute"
    ),
    "aws:ec2/routeTable:RouteTable": _vpc_part(
        "route-table", "ec2:DescribeRouteTables", "ec2:CreateRouteTable", "ec2:DeleteRouteTable", ("vpc",)
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _vpc_part(
        "route-table",
        "ec2:DescribeRouteTables",
        "",
        "ec2:AssociateRouteTable ec2:DisassociateRouteTable ec2:ReplaceRouteTableAssociation",
        ("subnet",),
    ),
    "aws:ec2/securityGroup:SecurityGroup": _vpc_part(
        "security-group",
        "ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups",
        "ec2:CreateSecurityGroup",
        "ec2:DeleteSecurityGroup ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress",
        ("vpc",),
    ),
    "aws:ec2/subnet:Subnet": _vpc_part(
        "subnet",
        "ec2:DescribeAvailabilityZones ec2:DescribeSubnets",
        "ec2:CreateSubnet",
        "ec2:DeleteSubnet ec2:ModifySubnetAttribute",
        ("vpc",),
    ),
    "aws:ec2/vpc:Vpc": _vpc_part(
        "vpc", "ec2:DescribeVpcAttribute ec2:DescribeVpcs", "ec2:CreateVpc", "ec2:DeleteVpc ec2:ModifyVpcAttribute"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _vpc_part(
        "vpc-endpoint",
        "ec2:DescribePrefixLists ec2:DescribeVpcEndpoints",
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteVpcEndpoints ec2:ModifyVpcEndpoint",
        ("vpc", "subnet", "security-group", "route-table"),
    ),
    "aws:lb/listener:Listener": Rights(
        (
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
        ),
        write=(
            Grant(
                ("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener"),
                _elb("listener/app/*", "loadbalancer/app/*"),
            ),
            Grant(
                (
                    "elasticloadbalancing:DeleteListener",
                    "elasticloadbalancing:ModifyListener",
                    "elasticloadbalancing:ModifyListenerAttributes",
                    "elasticloadbalancing:RemoveTags",
                ),
                _elb("listener/app/*"),
                own=True,
            ),
        ),
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Rights(
        ("elasticloadbalancing:DescribeListenerCertificates",),
        write=(
            Grant(
                (
                    "elasticloadbalancing:AddListenerCertificates",
                    "elasticloadbalancing:RemoveListenerCertificates",
                ),
                _elb("listener/app/*"),
                own=True,
            ),
        ),
    ),
    "aws:lb/listenerRule:ListenerRule": Rights(
        ("elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"),
        write=(
            Grant(
                ("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateRule"),
                _elb("listener-rule/app/*", "listener/app/*"),
            ),
            Grant(
                (
                    "elasticloadbalancing:DeleteRule",
                    "elasticloadbalancing:ModifyRule",
                    "elasticloadbalancing:RemoveTags",
                ),
                _elb("listener-rule/app/*"),
                own=True,
            ),
            # Changes the order of rules, for which it names none.
            Grant(("elasticloadbalancing:SetRulePriorities",), _elb("listener-rule/app/*"), own=True),
        ),
    ),
    "aws:lb/loadBalancer:LoadBalancer": Rights(
        (
            "ec2:DescribeNetworkInterfaces",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
        ),
        write=(
            Grant(
                ("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateLoadBalancer"), _elb("loadbalancer/app/*")
            ),
            Grant(
                (
                    "elasticloadbalancing:DeleteLoadBalancer",
                    "elasticloadbalancing:ModifyLoadBalancerAttributes",
                    "elasticloadbalancing:RemoveTags",
                    "elasticloadbalancing:SetIpAddressType",
                    "elasticloadbalancing:SetSecurityGroups",
                    "elasticloadbalancing:SetSubnets",
                ),
                _elb("loadbalancer/app/*"),
                own=True,
            ),
        ),
    ),
    "aws:lb/targetGroup:TargetGroup": Rights(
        (
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
        ),
        write=(
            Grant(("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateTargetGroup"), _elb("targetgroup/*")),
            Grant(
                (
                    "elasticloadbalancing:DeleteTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroup",
                    "elasticloadbalancing:ModifyTargetGroupAttributes",
                    "elasticloadbalancing:RemoveTags",
                ),
                _elb("targetgroup/*"),
                own=True,
            ),
        ),
    ),
    "aws:route53/record:Record": Rights(
        read=(
            Grant(("route53:GetHostedZone", "route53:ListResourceRecordSets"), (_ZONE,)),
            Grant(("route53:GetChange",), ("arn:aws:route53:::change/*",)),
        ),
        write=(Grant(("route53:ChangeResourceRecordSets",), (_ZONE,)),),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULES,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULES,
    "aws:wafv2/webAcl:WebAcl": simple(
        "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}*",
        "wafv2:GetWebACL wafv2:ListTagsForResource",
        "wafv2:CreateWebACL wafv2:DeleteWebACL wafv2:TagResource wafv2:UntagResource wafv2:UpdateWebACL",
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Rights(
        read=(
            Grant(
                ("wafv2:GetWebACLForResource",),
                (*_elb("loadbalancer/app/*"), "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}*"),
            ),
        ),
        write=(
            Grant(
                ("wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"),
                (*_elb("loadbalancer/app/*"), "arn:aws:wafv2:{region}:{account}:regional/webacl/{name}*"),
            ),
        ),
    ),
}
