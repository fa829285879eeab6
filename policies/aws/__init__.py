"""Rules for the platform `aws-ecs`: tasks, services, images, load balancers and logs. IAM has a room of its own."""

from policies.aws import balancer, front, logs, registry, services, tasks

RULES = (*tasks.RULES, *services.RULES, *registry.RULES, *balancer.RULES, *logs.RULES)
STACK_RULES = (*registry.STACK_RULES, *front.STACK_RULES)
