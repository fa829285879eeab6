environment = "prod"
region      = "eu-central-1"
cidr        = "10.30.0.0/16"
zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
