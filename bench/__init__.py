"""One program a figure. `make bench` runs all and prints the tables of docs/benchmarks.md."""
