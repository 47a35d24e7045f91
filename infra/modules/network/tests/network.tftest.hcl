# Only the game comes in.

mock_provider "aws" {}

variables {
  prefix     = "guildhall-test"
  cidr       = "10.64.0.0/16"
  zones      = ["eun1-az1", "eun1-az2"]
  game_ports = { first = 7000, last = 7063 }
}

run "doors" {
  command = plan

  assert {
    condition = (aws_vpc_security_group_ingress_rule.game.ip_protocol == "udp" && aws_vpc_security_group_ingress_rule.game.from_port == 7000 &&
    aws_vpc_security_group_ingress_rule.game.to_port == 7063)
    error_message = "Datagrams come in on the game ports."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.https.to_port == 443 && aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.untracked.ip_protocol == "udp"
    error_message = "Nothing but HTTPS and UDP goes out."
  }

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "Nothing passes the group of those who name none."
  }

  assert {
    condition     = length(toset(aws_subnet.public[*].availability_zone_id)) == 2 && length(toset(aws_subnet.public[*].cidr_block)) == 2
    error_message = "Each zone has a subnet of its own."
  }
}

run "one_zone" {
  command = plan

  variables {
    zones = ["eun1-az1", "eun1-az1"]
  }

  expect_failures = [var.zones]
}
