"""What the commands of this app do: arguments, progress, receipts, signals, and importing without workers."""
