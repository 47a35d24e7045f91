output "guildhall" {
  description = "Where everything is: the API, the content, the buckets, the functions, the fleet."
  value       = module.guildhall
}
