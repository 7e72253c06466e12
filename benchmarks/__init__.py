"""What streaming costs: every recipe side by side, on layouts, latencies and bandwidths."""
