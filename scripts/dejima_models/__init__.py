"""The two bundled models of Dejima about 1820, made by code: an estimate from what the sources say, not a survey."""
