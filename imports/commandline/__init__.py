"""What the commands of this app are made of: progress, receipts, signals, and importing without workers."""
