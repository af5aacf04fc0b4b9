"""Pictures and sounds of the scenes of Dejima, made by code: details of the two models, and sounds nobody recorded."""
