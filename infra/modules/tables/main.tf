# The tables of infra/tables.json, which the local stack creates too.

locals {
  tables = { for table in jsondecode(file("${path.module}/../../tables.json")).tables : table.name => table }
}

resource "aws_dynamodb_table" "this" {
  # checkov:skip=CKV_AWS_119: The AWS-managed key encrypts and leaves a trail. A key of our own would put a policy and a call to KMS between every function and its rows.
  # checkov:skip=CKV2_AWS_16: On-demand tables have no capacity to scale.
  # checkov:skip=CKV_AWS_28: infra/tables.json says so of each table, and a test holds them to it; checkov reads no JSON.
  for_each = local.tables

  name                        = "${var.prefix}${each.key}"
  billing_mode                = each.value.billing_mode
  hash_key                    = each.value.partition_key
  range_key                   = each.value.sort_key
  stream_enabled              = each.value.stream_view_type != null
  stream_view_type            = each.value.stream_view_type
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = each.value.partition_key
    type = "S"
  }

  attribute {
    name = each.value.sort_key
    type = "S"
  }

  ttl {
    attribute_name = each.value.ttl_attribute
    enabled        = true
  }

  point_in_time_recovery {
    enabled = each.value.point_in_time_recovery
  }

  server_side_encryption {
    enabled = true
  }
}
