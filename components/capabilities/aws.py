"""What ECS on Fargate can do, and by what."""

from __future__ import annotations

from components.capabilities.answers import Capability, native, refused

AWS_ECS: dict[str, Capability] = {
    "build": native("BuildKit (pulumi-docker-build), ECR repository"),
    "dedicated-builder": native("BuildxBuilder (pulumi-docker)"),
    "image": native("task definition"),
    "replicas": native("ECS service"),
    "scaling-cpu": native("Application Auto Scaling, target tracking"),
    "scaling-memory": native("Application Auto Scaling, target tracking"),
    "scaling-requests": native("Application Auto Scaling, requests per target of the load balancer"),
    "scaling-schedules": native("Application Auto Scaling, scheduled actions"),
    "rolling": native("ECS service with circuit breaker and rollback"),
    "blue-green": native("ECS service, two target groups behind one rule; alarms take a version back"),
    "canary": native("ECS service, two target groups behind one rule; alarms take a version back"),
    "linear": native("ECS service, two target groups behind one rule; alarms take a version back"),
    "hooks": native("lifecycle hooks of the ECS deployment: Lambda functions, and pauses"),
    "ingress": native("Application Load Balancer, a rule for each service"),
    "internal": native("ECS Service Connect"),
    "liveness-command": native("container health check"),
    "min-ready": refused("a readiness path that answers 200 only once the service can serve, and minReady 0"),
    "egress": native("security groups, VPC endpoints; an existing network without endpoints leaves HTTPS open"),
    "scratch": native("task storage; the image gives the directory its owner with VOLUME"),
    "persistent": native("EFS, an access point for each volume"),
    "slo-alerts": native("Amazon Managed Prometheus and a collector beside each service (aws.monitoring)"),
    "sidecars": native("containers of the task that start before the service and are restarted"),
    "secret-values": native("Secrets Manager"),
    "secret-references": native("ARN in Secrets Manager or Parameter Store"),
    "workload-identity": refused(
        "the service's own task role: attach policies to the role <project>-<stack>-<service>-task"
    ),
}
