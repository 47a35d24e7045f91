# refused by rules: only datagrams come in
resource "aws_vpc_security_group_ingress_rule" "shell" {
  security_group_id = "sg-1"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "0.0.0.0/0"
}
