"""The theorems: bounds, schedules, exponents and slopes, from numbers alone."""
