"""Results, comparisons and judgements in the formats of other tools."""
