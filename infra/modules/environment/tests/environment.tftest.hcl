# The parts fit: one whole environment, planned for a cloud that is made up. What each part does is tested beside it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-north-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  environment     = "test"
  disposable      = false
  release         = "r1"
  gamesim_release = "r0"
  gamesim_sha256  = "0000000000000000000000000000000000000000000000000000000000000000"
  budget_usd      = 100
  zones           = ["eun1-az1", "eun1-az2"]
}

run "whole" {
  command = plan

  assert {
    condition     = output.buckets == { for name in ["content", "sessions", "releases"] : name => "guildhall-test-${name}-123456789012" }
    error_message = "Buckets are named after the environment and the account."
  }

  assert {
    condition     = alltrue([for route in jsondecode(file("../../routes.json")).routes : output.functions[route.name] == "guildhall-test-${route.name}"])
    error_message = "Every route has its function."
  }

  assert {
    condition     = output.event_bus == "guildhall-test-${jsondecode(file("../../streams.json")).bus}"
    error_message = "Events go to the bus that the function is told of."
  }

  assert {
    condition     = output.gamesim_group == "guildhall-test-gamesims" && output.gamesim_release.release == "r0"
    error_message = "The fleet has a release of its own."
  }
}

run "a_name_that_is_none" {
  command = plan

  variables {
    environment = "Test Environment"
  }

  expect_failures = [var.environment]
}
