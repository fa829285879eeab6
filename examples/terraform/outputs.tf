# What caas:aws.vpc.terraform reads, under its default names. Zones are in the order of var.zones.

output "vpc_id" {
  description = "Id of the VPC: a string."
  value       = aws_vpc.main.id
}

output "private_subnets" {
  description = "Ids of the private subnets, where the services run: a list of strings, one for each zone."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "public_subnets" {
  description = "Ids of the public subnets, where the load balancer stands: a list of strings, one for each zone."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}
