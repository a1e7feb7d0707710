"""What needs me today, where is the thing I look for: reads every room and owns none of their rules."""
