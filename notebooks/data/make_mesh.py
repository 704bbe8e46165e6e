"""Make `unit_square.msh`: an unstructured triangular mesh of the unit square. Run once; the file is in the repository.

    python make_mesh.py
"""

from pathlib import Path

import meshio
import numpy as np
from scipy.spatial import Delaunay

SIDE = 72  # points on each side
JITTER = 0.28  # of the spacing: how far an inner point may be from the regular grid

rng = np.random.default_rng(2026)
x, y = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(0, 1, SIDE))
points = np.column_stack([x.ravel(), y.ravel()])
inner = (points > 0).all(axis=1) & (points < 1).all(axis=1)
points[inner] += rng.uniform(-JITTER, JITTER, (inner.sum(), 2)) / (SIDE - 1)
triangles = Delaunay(points).simplices

# A point of the boundary lies exactly on it, so Delaunay may add triangles without area there.
a, b, c = (points[triangles[:, i]] for i in range(3))
area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
triangles = triangles[np.abs(area) > 1e-9]

tags = [np.ones(len(triangles), dtype=int)]  # one physical and one geometrical entity: the square
mesh = meshio.Mesh(
    np.column_stack([points, np.zeros(len(points))]),
    [("triangle", triangles)],
    cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
)
mesh.write(Path(__file__).with_name("unit_square.msh"), file_format="gmsh22", binary=False)
print(f"{len(points)} points, {len(triangles)} triangles")
