"""The bundled models of Dejima, made by code: houses of about 1820, estimates from what the sources say, and a plain shape."""
