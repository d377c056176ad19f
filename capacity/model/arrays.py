"""Arrays of figures, by their shape."""

import numpy as np

Row = np.ndarray[tuple[int], np.dtype[np.float64]]
Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]
