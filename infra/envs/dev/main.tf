# For trying things out: small, and gone without a trace when it is destroyed.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }

  # The bucket is the account's: `terraform init -backend-config=bucket=…` (infra/README.md).
  backend "s3" {
    key          = "guildhall/dev.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { Project = "guildhall", Environment = "dev" }
  }
}

module "guildhall" {
  source = "../../modules/environment"

  environment     = "dev"
  release         = var.release
  gamesim_release = coalesce(var.gamesim_release, var.release)
  gamesim_sha256  = var.gamesim_sha256

  alarm_emails        = var.alarm_emails
  operator_principals = var.operator_principals
  web_origins         = var.web_origins

  disposable         = true
  fleet_size         = { min = 1, max = 2 }
  instance_type      = "t4g.small"
  zones              = ["use1-az1", "use1-az2"]
  log_retention_days = 7
  event_archive_days = 1
  throttle           = { rate_per_s = 100, burst = 200 }
  budget_usd         = 50
}
