"""Measures of the Chief Factor's house that its parts share, in metres: an estimate."""

import numpy as np

HALF_X, HALF_Z = 11.4, 5.45  # half the walls' length and depth: about 12.5 by 6 bays of the usual 1.82 m
FOOT_Y, FLOOR_Y, TOP_Y = 0.34, 3.20, 6.20  # top of the base stones, upper floor, top of the walls
EAVE_OUT = 1.05
PITCH = 0.5  # five parts up in ten, the usual slope of tiles
X, Y, Z = np.eye(3)
