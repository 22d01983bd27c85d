"""Whether a daemon of this computer lives in the same network as we do."""

from pathlib import Path

from lab.model.checks import Check

# unix sockets can be reached from every network namespace, but this file lists those of the reader's own only.
_OURS = Path("/proc/self/net/unix")


def listens_here(socket: Path) -> bool:
    """Whether a socket of this path was made in our own network namespace. Needs no rights on the daemon."""
    wanted = socket.resolve()
    for line in _OURS.read_text().splitlines()[1:]:
        words = line.split(maxsplit=7)
        if len(words) == 8 and words[7].startswith("/") and Path(words[7]).resolve() == wanted:
            return True
    return False


def check(name: str, socket: Path) -> Check:
    """Whether the daemon behind `socket` shares our network: if not, its ports and addresses cannot be reached."""
    title = f"network of {name}"
    if not socket.exists():
        return Check(title, None, f"{socket} is not there", "run `lab setup`, which starts what is missing")
    if listens_here(socket):
        return Check(title, True, "the same as ours")
    return Check(
        title,
        False,
        f"{name} runs in another network namespace: its ports and addresses cannot be reached from here",
        f"run bin/lab in that namespace, or end that {name} and run `lab setup` here",
    )
