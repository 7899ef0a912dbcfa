"""The parts of scripts/kill_test.py."""
