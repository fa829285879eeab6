environment  = "dev"
region       = "eu-central-1"
cidr         = "10.10.0.0/16"
zones        = ["eu-central-1a", "eu-central-1b"]
nat_per_zone = false
