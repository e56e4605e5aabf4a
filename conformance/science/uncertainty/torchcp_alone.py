"""Lets TorchCP be imported without torchsort, torch_geometric and transformers, which only parts of it need that are not used here."""

import importlib.abc
import importlib.machinery
import sys
from unittest.mock import MagicMock

ABSENT = ("torchsort", "torch_geometric", "torch_scatter", "torch_sparse", "transformers", "rouge_score", "evaluate", "datasets")


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in ABSENT else None

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__spec__ = spec
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(Absent())
