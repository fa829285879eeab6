# Stands for a team's network in tests: outputs as those of examples/terraform, and nothing of a cloud behind them.
terraform {
  required_version = ">= 1.6"
  backend "http" {}
}

variable "vpc" {
  type    = string
  default = "vpc-0123456789abcdef0"
}

resource "terraform_data" "network" {
  input = {
    vpc     = var.vpc
    private = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    public  = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
  }
}

output "vpc_id" {
  value = terraform_data.network.output.vpc
}

output "private_subnets" {
  value = terraform_data.network.output.private
}

output "public_subnets" {
  value = terraform_data.network.output.public
}

output "database_password" {
  value     = "kept-behind-hunter2"
  sensitive = true
}
