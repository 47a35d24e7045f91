# refused by rules: default_tags without Environment and Project
provider "aws" {
  region = "us-east-1"

  default_tags {
    tags = { Project = "guildhall" }
  }
}
