"""The pure rules of statistics, compiled where there is a compiler."""
