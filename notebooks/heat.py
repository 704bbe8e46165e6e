"""Stationary heat equation on the unit square by finite elements: an ordinary simulation that has never heard of Treadle.

As a script it is one bare process: it reads the model, says "ready", and answers each line of cases (JSON) with a line of
integrals. The notebook compares Treadle with two of these.

    python heat.py data/unit_square.msh data/parameters.json
"""

import json
import sys

import meshio
import numpy as np
from skfem import Basis, BilinearForm, ElementTriP1, Functional, LinearForm, MeshTri, condense, solve
from skfem.helpers import dot, grad


def read(mesh_file, parameters_file):
    """The mesh and the parameters of the model, from files.

    What follows from the mesh alone (its edges, the maps of its triangles) is computed here, once for all cases.
    """
    file = meshio.read(mesh_file, file_format="gmsh")
    with open(parameters_file) as text:
        parameters = json.load(text)
    points, triangles = file.points[:, :2].T, file.cells_dict["triangle"].T
    mesh = MeshTri(np.ascontiguousarray(points), np.ascontiguousarray(triangles))
    Basis(mesh, ElementTriP1()).get_dofs()
    return mesh, parameters


def integral_of_temperature(mesh, parameters, e):
    """Solve one case, source `e * amplitude * (x² + y² - x - y)`, and integrate its temperature over the square."""
    conductivity, amplitude = parameters["conductivity"], parameters["source"]["amplitude"]

    @BilinearForm
    def conduction(u, v, _):
        return conductivity * dot(grad(u), grad(v))

    @LinearForm
    def source(v, w):
        x, y = w.x
        return e * amplitude * (x**2 + y**2 - x - y) * v

    @Functional
    def integral(w):
        return w["u"]

    basis = Basis(mesh, ElementTriP1(), intorder=parameters["quadrature"])
    temperature = solve(*condense(conduction.assemble(basis), source.assemble(basis), D=basis.get_dofs()))
    return float(integral.assemble(basis, u=basis.interpolate(temperature)))


if __name__ == "__main__":
    model = read(*sys.argv[1:3])
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps([integral_of_temperature(*model, e) for e in json.loads(line)]), flush=True)
