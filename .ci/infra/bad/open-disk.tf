# refused by checkov: CKV_AWS_3
resource "aws_ebs_volume" "this" {
  availability_zone = "us-east-1a"
  size              = 8
  encrypted         = false
}
