output "api_url" {
  description = "The API's base URL."
  value       = module.api.url
}

output "content_domain" {
  description = "Where content is."
  value       = module.content.domain
}

output "buckets" {
  description = "The buckets, by what they are for."
  value       = local.bucket
}

output "tables" {
  description = "What the names of the tables begin with."
  value       = "${local.prefix}-"
}

output "functions" {
  description = "The function of each route."
  value       = { for name, function in module.functions.functions : name => function.function_name }
}

output "codedeploy_app" {
  description = "The application whose deployment groups are the routes."
  value       = module.functions.codedeploy_app
}

output "gamesim_group" {
  description = "The autoscaling group of game sims."
  value       = module.fleet.group
}

output "gamesim_release" {
  description = "The release that game sims run, and its SHA-256."
  value       = { release = var.gamesim_release, sha256 = var.gamesim_sha256 }
}

output "queues" {
  description = "The queues of dead letters."
  value       = { progress = module.fleet.dead_letter_queue, events = module.events.dead_letter_queue }
}

output "event_bus" {
  description = "The bus of domain events."
  value       = module.events.bus_name
}

output "secrets" {
  description = "The ARN of each secret."
  value       = module.secrets.arns
}
