"""What the board's figures are: people, money, and how jobs fare."""
