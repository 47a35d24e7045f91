# Where players are.

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
    key          = "guildhall/prod.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { Project = "guildhall", Environment = "prod" }
  }
}

module "guildhall" {
  source = "../../modules/environment"

  environment     = "prod"
  release         = var.release
  gamesim_release = coalesce(var.gamesim_release, var.release)
  gamesim_sha256  = var.gamesim_sha256

  alarm_emails        = var.alarm_emails
  operator_principals = var.operator_principals
  web_origins         = var.web_origins

  disposable         = false
  zones              = ["use1-az1", "use1-az2", "use1-az4"]
  log_retention_days = 30
  event_archive_days = 30
  budget_usd         = 5000

  reserved_concurrency = {
    register-account = 20
    login-account    = 100
    change-password  = 10
  }
}
