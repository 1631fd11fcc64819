"""With which arguments is vLLM started on which machine?

Not here: prefill and decoding on machines of their own, which need more than one GPU to try.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clew_core.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A way to serve.

    Attributes:
        name: on the command line.
        says: for whom it is.
        arguments: of vLLM.
        environment: variables beside those of the user.
        gpus: that it needs at least.
    """

    name: str
    says: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    gpus: int = 1


# Of every profile: how much of a prompt was cached is told, the schema of a source is read once.
_ALWAYS = ("--enable-prompt-tokens-details", "--enable-prefix-caching")
_OFFLINE = (
    ("VLLM_NO_USAGE_STATS", "1"),
    ("DO_NOT_TRACK", "1"),
)
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="laptop",
            says="a CPU and a small model: it starts fast, and few requests run at once",
            arguments=("--enforce-eager", "--dtype", "float32", "--max-model-len", "4096",
                       "--max-num-seqs", "8"),
            environment=(("VLLM_CPU_KVCACHE_SPACE", "1"),),
            gpus=0,
        ),
        Profile(
            name="single-gpu",
            says="one GPU, answers to people first",
            arguments=("--max-model-len", "16384", "--enable-chunked-prefill",
                       "--scheduling-policy", "priority", "--gpu-memory-utilization", "0.9"),
        ),
        Profile(
            name="multi-gpu",
            says="a model that one GPU can't hold, cut over two",
            arguments=("--tensor-parallel-size", "2", "--max-model-len", "32768",
                       "--enable-chunked-prefill", "--scheduling-policy", "priority"),
            gpus=2,
        ),
        Profile(
            name="batch",
            says="many documents over one GPU; nobody waits for the first word",
            arguments=("--max-model-len", "8192", "--max-num-seqs", "512",
                       "--max-num-batched-tokens", "16384", "--gpu-memory-utilization", "0.95"),
        ),
    )
}  # fmt: skip


def command(
    python: str, model: str, name: str, profile: Profile, socket: Path, more: tuple[str, ...] = ()
) -> list[str]:
    """Write the command that serves a model.

    Args:
        python: of vLLM's environment.
        model: folder, or name in a cache.
        name: under which it is asked for.
        profile: of the machine.
        socket: where it listens; nobody else may enter its folder.
        more: arguments of the user, which come last and so hold.
    """
    # The module, not the program `vllm`: that one dies with the CPU's distribution.
    return [
        python, "-m", "vllm.entrypoints.openai.api_server",
        "--model", model, "--served-model-name", name, "--uds", str(socket),
        *_ALWAYS, *profile.arguments, *more,
    ]  # fmt: skip


def environment(profile: Profile) -> dict[str, str]:
    """List the variables that a profile sets."""
    return dict((*_OFFLINE, *profile.environment))


def find_profile(name: str) -> Profile:
    """Find a profile.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PROFILES:
        raise UsageError(f"There is no profile {name!r}.", hint=f"Known: {', '.join(PROFILES)}.")
    return PROFILES[name]
