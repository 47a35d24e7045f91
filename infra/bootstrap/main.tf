# Once for each account: the bucket that Terraform keeps the states of all environments in. Its own state is a file that nobody
# needs again; commit it nowhere.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { Project = "guildhall", Environment = "all" }
  }
}

data "aws_caller_identity" "current" {}

module "state" {
  source = "../modules/bucket"

  name                 = "guildhall-state-${data.aws_caller_identity.current.account_id}"
  versioned            = true
  former_versions_days = 365
}

output "bucket" {
  description = "For `terraform init -backend-config=bucket=…` of each environment."
  value       = module.state.name
}
