# refused by rules: instances without tags
resource "aws_autoscaling_group" "this" {
  min_size = 1
  max_size = 2
}
