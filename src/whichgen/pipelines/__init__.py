"""Kedro pipelines. Nodes import torch, pandas and the rest only when they run: a command that
runs nothing should answer at once."""
