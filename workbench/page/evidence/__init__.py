"""What the page that runs has shown: charts, the tables behind them, and calls that give the same numbers."""
