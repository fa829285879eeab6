terraform {
  required_version = ">= 1.10, < 2.0"

  # Bucket, key and region of each environment: <stack>.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      environment = var.environment
      managed-by  = "terraform"
    }
  }
}
