# Where game sims live: public subnets in several zones, because clients reach each game sim at its own address. There is no
# NAT and nothing private; functions need no network at all.

resource "aws_vpc" "this" {
  # checkov:skip=CKV2_AWS_11: Flow logs of a game's datagrams cost more than the game sims; their counters are on /metrics and in CloudWatch.
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.prefix }
}

# The group that every VPC has, closed: whoever forgets to name a group gets no traffic.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.prefix }
}

resource "aws_subnet" "public" {
  # checkov:skip=CKV_AWS_130: A game sim is reached at its own public address; its security group lets game ports in and nothing else.
  count = length(var.zones)

  vpc_id                  = aws_vpc.this.id
  cidr_block              = cidrsubnet(var.cidr, 4, count.index)
  availability_zone_id    = var.zones[count.index]
  map_public_ip_on_launch = true

  tags = { Name = "${var.prefix}-${count.index}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.prefix }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  count = length(var.zones)

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "gamesim" {
  # checkov:skip=CKV2_AWS_5: The fleet has it; checkov does not follow it into that module.
  name        = "${var.prefix}-gamesim"
  description = "Game sims: datagrams on the game ports, and HTTPS out."
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.prefix}-gamesim" }
}

resource "aws_vpc_security_group_ingress_rule" "game" {
  security_group_id = aws_security_group.gamesim.id
  description       = "Players, one port per shard"
  ip_protocol       = "udp"
  from_port         = var.game_ports.first
  to_port           = var.game_ports.last
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "${var.prefix}-game" }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.gamesim.id
  description       = "The API, S3 and the other services of AWS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "${var.prefix}-https" }
}

# Replies need no rule, since groups are stateful. But a group that follows connections has a table of them, which a flood from
# made-up addresses fills, and then drops players' datagrams. AWS follows none where anything may come in and any UDP may go
# out. Questions to the resolver of the VPC pass every group.
resource "aws_vpc_security_group_egress_rule" "untracked" {
  security_group_id = aws_security_group.gamesim.id
  description       = "Any UDP out, so that datagrams are not tracked"
  ip_protocol       = "udp"
  from_port         = 0
  to_port           = 65535
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "${var.prefix}-untracked" }
}
