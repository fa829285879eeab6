environment  = "staging"
region       = "eu-central-1"
cidr         = "10.20.0.0/16"
zones        = ["eu-central-1a", "eu-central-1b"]
nat_per_zone = false
