# The tables are those of infra/tables.json.

mock_provider "aws" {}

variables {
  prefix              = "guildhall-test-"
  deletion_protection = true
}

run "tables" {
  command = plan

  assert {
    condition = jsonencode({ for name, table in aws_dynamodb_table.this : name => {
      name                   = table.name
      partition_key          = table.hash_key
      sort_key               = table.range_key
      billing_mode           = table.billing_mode
      ttl_attribute          = one(table.ttl).attribute_name
      point_in_time_recovery = one(table.point_in_time_recovery).enabled
      stream_view_type       = table.stream_enabled ? table.stream_view_type : null
      } }) == jsonencode({ for table in jsondecode(file("../../tables.json")).tables : table.name => merge(table, {
        name = "guildhall-test-${table.name}"
    }) })
    error_message = "A table is what infra/tables.json says of it, field by field."
  }

  assert {
    condition = alltrue([for table in aws_dynamodb_table.this :
    table.deletion_protection_enabled && one(table.server_side_encryption).enabled && one(table.ttl).enabled])
    error_message = "Every table is encrypted and protected."
  }
}
