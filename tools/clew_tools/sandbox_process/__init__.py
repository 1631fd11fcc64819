"""What runs inside the sandbox's own process: walls first, then the code. Standard library only.

Nothing here is imported by the process that asks for a run; it is started as a program.
"""

__all__: list[str] = []
