"""What answers where a store's database does: a program that gives whoever asks it the same bytes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

# Answers to a StartupMessage (PostgreSQL manual, "Message Formats"): a question for the password, and an error.
LETS_IN = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
STARTING = (
    b"E\0\0\0\x68SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0"
    b"Fpostmaster.c\0L2413\0RProcessStartupPacket\0\0"
)


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port that gives each caller the next of these answers, and what the callers said."""
    said: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            connection, _ = server.accept()
            with connection:
                said.append(connection.recv(4096))
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield server.getsockname()[1], said
        serving.join(timeout=10)
