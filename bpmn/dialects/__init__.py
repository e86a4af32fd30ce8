"""Extension vocabularies of other engines, each read into the graph's own words."""
