output "subnet_ids" {
  description = "A public subnet in each zone."
  value       = aws_subnet.public[*].id
}

output "gamesim_security_group_id" {
  description = "The security group of game sims."
  value       = aws_security_group.gamesim.id
}
