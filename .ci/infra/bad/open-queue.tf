# refused by checkov: CKV_AWS_27
resource "aws_sqs_queue" "this" {
  name                    = "dead-letters"
  sqs_managed_sse_enabled = false
}
