# refused by rules: its secret would be in the state
resource "random_password" "this" {
  length = 32
}
