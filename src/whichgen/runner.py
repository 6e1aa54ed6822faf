"""How `kedro run` treats what a pipeline needs: reuse what is there, make what is missing."""

import os
from typing import Any

import click
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner


class ReusingRunner(SequentialRunner):
    """Runs the nodes tagged with one of the named pipelines, others only to make missing files.

    Args:
        named: the pipelines that the user asked for; their nodes always run. None: all nodes do.
    """

    def __init__(self, named: frozenset[str], **options: Any) -> None:
        super().__init__(**options)
        self._named = named

    def run(self, pipeline: Pipeline, catalog: CatalogProtocol, *args: Any, **options: Any) -> Any:
        """Run the part of the pipeline that is needed."""
        return super().run(self.needed(pipeline, catalog), catalog, *args, **options)

    def needed(self, pipeline: Pipeline, catalog: CatalogProtocol) -> Pipeline:
        """The named nodes and, backwards from them, whatever makes an input that is missing."""
        if not self._named:
            return pipeline
        wanted: set[str] = set()
        chosen = []
        for node in reversed(pipeline.nodes):
            if node.tags & self._named or wanted & set(node.outputs):
                chosen.append(node.name)
                wanted |= {name for name in node.inputs if not _exists(name, catalog)}
        return pipeline.filter(node_names=chosen) if chosen else Pipeline([])

    def _suggest_resume_scenario(self, *_: Any, **__: Any) -> None:
        """Say nothing where Kedro advises --from-nodes: here the same command goes on."""


class ReusingSession(KedroSession):
    """A session whose sequential runs of named pipelines reuse what comes before them."""

    @classmethod
    def create(cls, *args: Any, **options: Any) -> KedroSession:
        """As `KedroSession.create`, which asks for Git's status.

        Git would take the chance to refresh its index, and leave it locked if killed meanwhile.
        """
        os.environ.setdefault("GIT_OPTIONAL_LOCKS", "0")
        return super().create(*args, **options)

    def run(  # type: ignore[override]  # the options are passed on, whatever they are
        self, pipeline_names: list[str] | None = None, **options: Any
    ) -> Any:
        """As `KedroSession.run`; with no pipeline named, everything runs.

        Raises:
            click.ClickException: if there is no pipeline of a name.
        """
        for name in pipeline_names or ():
            _check_pipeline(name)
        if type(options.get("runner")) in (type(None), SequentialRunner):
            options["runner"] = ReusingRunner(frozenset(pipeline_names or ()))
        return super().run(pipeline_names=pipeline_names, **options)


def _check_pipeline(name: str) -> None:
    known = sorted(key for key in pipelines if not key.startswith("_"))
    if name not in pipelines:
        raise click.ClickException(f"--pipelines: '{name}' is not one of {', '.join(known)}")


def _exists(name: str, catalog: CatalogProtocol) -> bool:
    """Whether the dataset is there already; one that lives in memory only never is."""
    if name not in catalog:
        return False
    dataset = catalog.get(name)
    return not getattr(dataset, "_EPHEMERAL", False) and catalog.exists(name)
