# A stub for the pre-commit framework, which runs `pip install .` in this folder: it installs the released wheel, so
# that nothing is compiled. The package itself is described by packaging/python/pyproject.toml.
from setuptools import setup

setup(
    name="keysieve-pre-commit",
    version="0.1.0",
    py_modules=[],
    install_requires=["keysieve==0.1.0"],
)
