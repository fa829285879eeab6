"""The platform `aws-ecs`: AWS Fargate behind an Application Load Balancer, and what it needs around it.

Twin of `components.kubernetes`. Pure rooms (sizes, task documents, IAM documents, schedules) stand beside the
components that declare.
"""
