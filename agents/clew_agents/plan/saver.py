"""How do LangGraph's checkpoints get into the run's own memory?

A saver for one run: of each graph the newest checkpoint is kept, and what was written after it.
There is no time travel: older checkpoints go. Values are msgpack of LangGraph's own safe types;
what steps find is bytes of ``codec.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from clew_agents.plan.state import RunState, Write

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointTuple


def saver_for(state: RunState) -> BaseCheckpointSaver[Any]:
    """Make a saver over the memory of a run."""
    from langgraph.checkpoint.base import (
        WRITES_IDX_MAP,
        BaseCheckpointSaver,
        CheckpointTuple,
        writes_sort_key,
    )
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    class Saver(BaseCheckpointSaver[str]):
        """Keeps checkpoints in a ``RunState``."""

        def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
            graph = config["configurable"]["thread_id"]
            kept = state.checkpoint(graph)
            if kept is None:
                return None
            id_, form, data = kept
            whole = self.serde.loads_typed((form, data))
            found = sorted(
                state.writes(graph, id_), key=lambda w: writes_sort_key(w.path, w.task, w.place)
            )
            return CheckpointTuple(
                config=_config(graph, id_),
                checkpoint=whole["checkpoint"],
                metadata=whole["metadata"],
                pending_writes=[
                    (w.task, w.channel, self.serde.loads_typed((w.form, w.data))) for w in found
                ],
            )

        def list(
            self,
            config: RunnableConfig | None,
            *,
            filter: dict[str, Any] | None = None,
            before: RunnableConfig | None = None,
            limit: int | None = None,
        ) -> Iterator[CheckpointTuple]:
            found = self.get_tuple(config) if config else None
            return iter([found] if found else [])

        def put(
            self,
            config: RunnableConfig,
            checkpoint: Checkpoint,
            metadata: Any,
            new_versions: Any,
        ) -> RunnableConfig:
            graph = config["configurable"]["thread_id"]
            whole = {"checkpoint": checkpoint, "metadata": dict(metadata)}
            form, data = self.serde.dumps_typed(whole)
            state.keep_checkpoint(graph, checkpoint["id"], form, data)
            return _config(graph, checkpoint["id"])

        def put_writes(
            self,
            config: RunnableConfig,
            writes: Sequence[tuple[str, Any]],
            task_id: str,
            task_path: str = "",
        ) -> None:
            made = []
            for place, (channel, value) in enumerate(writes):
                form, data = self.serde.dumps_typed(value)
                made.append(
                    Write(
                        task=task_id,
                        place=WRITES_IDX_MAP.get(channel, place),
                        channel=channel,
                        form=form,
                        data=data,
                        path=task_path,
                    )
                )
            graph = config["configurable"]["thread_id"]
            state.keep_writes(graph, config["configurable"]["checkpoint_id"], tuple(made))

    return Saver(serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None))


def _config(graph: str, id_: str) -> RunnableConfig:
    return {"configurable": {"thread_id": graph, "checkpoint_ns": "", "checkpoint_id": id_}}
