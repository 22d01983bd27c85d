"""The commands that docs/ideas/ shows, and the labs that they are run on. Data.

`$URL` is the address of the site, `$MINE` a folder of ours; both are set where the commands run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.outputs_page import Block, Command

# A proof exits with 1 where something was lost, with 3 where nobody can tell.
_LOST, _ANY_VERDICT = (1,), (0, 1, 3)
_SQL = "setpriv --reuid=postgres --regid=postgres --clear-groups psql -h /run/postgresql lab -c"
_GAUGE = "sh -c 'echo show stat | socat stdio /run/haproxy/admin.sock | grep ^workers | cut -d, -f2,3,5,8,18'"


@dataclass(frozen=True)
class Scene:
    """Blocks of one page, run on one lab: `up` are words for its `lab up`, `before` is run and not shown. Where `up` is
    None the commands make their lab themselves, and remove it.

    `files` are copies of the kit's files in `$MINE`, each with one text in it replaced by another.
    """

    page: str
    on: str
    blocks: tuple[Block, ...]
    lab: str = "book"
    up: tuple[str, ...] | None = ("--workers", "2")
    before: tuple[Command, ...] = ()
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def _block(name: str, *commands: str | Command) -> Block:
    return Block(name, tuple(one if isinstance(one, Command) else Command(one) for one in commands))


def _exec(node: str, words: str, lab: str = "book") -> str:
    return f"bin/lab exec {node} --name {lab} -- {words}"


def _times(count: int, line: str) -> str:
    return f"for visit in {' '.join(map(str, range(1, count + 1)))}; do {line}; done"


def _wrote(text: str) -> str:
    key = text.replace(" ", "-")
    return f"""curl -s $URL/entries -H 'Idempotency-Key: {key}' --json '{{"text": "{text}"}}'"""


def _two_boxes(on: str) -> Scene:
    worker = f"{on}/worker-1"
    return Scene(
        "01",
        on,
        (
            _block(f"files-{on}", _exec(worker, "sha256sum /run/app/source/app.py"), "sha256sum app/app.py"),
            _block(f"kernel-{on}", _exec(worker, "uname -r"), "uname -r"),
            _block(
                f"start-{on}",
                _exec(worker, "cat /proc/sys/kernel/random/boot_id"),
                "cat /proc/sys/kernel/random/boot_id",
            ),
            _block(f"programs-{on}", _exec(worker, "sh -c 'ls -d /proc/[0-9]* | wc -l'"), "ls -d /proc/[0-9]* | wc -l"),
        ),
    )


def _roles(on: str) -> Scene:
    return Scene(
        "08",
        on,
        (
            _block(
                f"same-file-{on}",
                "sha256sum playbooks/roles/worker/files/worker",
                _exec(f"{on}/worker-1", "sha256sum /usr/local/lib/lab/worker"),
            ),
        ),
    )


def _memory(on: str) -> Scene:
    return Scene(
        "09",
        on,
        (
            _block(f"successor-{on}", f"bin/lab replace {on}/worker-1 --name book"),
            _block(
                f"memory-{on}", _exec(f"{on}/worker-1", "grep MemTotal /proc/meminfo"), "grep MemTotal /proc/meminfo"
            ),
        ),
    )


def _careless(on: str, ok: tuple[int, ...]) -> Scene:
    return Scene(
        "11",
        on,
        (
            _block(
                f"power-{on}", Command(f"bin/lab prove run {on} --kills 0 --fault store-off --name book-careless", ok)
            ),
        ),
        lab="book-careless",
        up=("--workers", "2", "--topology", "$MINE/topology.toml"),
        files={"topology.toml": ("\nfsync = true", "\nfsync = false")},
    )


SCENES = (
    *map(_two_boxes, ("docker", "vagrant")),
    Scene(
        "02",
        "docker",
        (
            _block("no-disk", Command(_exec("docker/worker-1", "touch /usr/mine"), (1,))),
            _block("wrote", _wrote("written before the end")),
            _block(
                "all-workers-gone",
                "bin/lab kill docker/worker-1 --name book",
                "bin/lab kill docker/worker-2 --name book",
                "curl -s -o /dev/null -w '%{http_code}\\n' $URL/",
            ),
            _block("new-workers", "bin/lab up docker --name book", "curl -s $URL/entries"),
            _block("proof", "bin/lab prove run docker --kills 2 --name book"),
        ),
    ),
    Scene(
        "03",
        "docker",
        (
            _block("one-of-two-knows", _times(4, "curl -si $URL/entries | grep -iE '^x-worker|entries'")),
            _block("what-a-worker-has", _exec("docker/worker-1", "ls -l /var/lib/lab", "book-mistake")),
            _block("lost", Command("bin/lab prove run docker --kills 1 --name book-mistake", _LOST)),
        ),
        lab="book-mistake",
        up=("--workers", "2", "--stateful"),
        before=(Command(_wrote("kept on a worker")),),
    ),
    Scene(
        "03",
        "docker",
        (_block("nobody-misses", "curl -s $URL/metrics | grep -v '^#' | head -n 8"),),
    ),
    Scene(
        "04",
        "docker",
        (
            _block(
                "rows",
                _exec("docker/store-1", f"{_SQL} 'SELECT id, text FROM entries ORDER BY id DESC LIMIT 3'"),
            ),
            _block(
                "drive",
                "curl -s -X PUT -d 'a file of mine' $URL/files/mine.txt",
                _exec("docker/store-1", "ls -l /srv/drive"),
            ),
            _block(
                "everything-gone",
                "bin/lab destroy docker --yes --name book",
                "bin/lab list --name book",
                "bin/lab up docker --name book",
                "curl -s $URL/entries",
                "curl -s $URL/files/mine.txt",
            ),
        ),
        before=(Command(_wrote("an entry for the database")),),
    ),
    Scene(
        "05",
        "docker",
        (
            _block("who-answers", _times(4, "curl -si $URL/ | grep -i ^x-worker")),
            _block("gauge", _exec("docker/loadbalancer-1", _GAUGE)),
            _block(
                "one-down",
                "bin/lab kill docker/worker-1 --name book",
                "curl -si $URL/ | grep -iE '^(http|x-worker)'",
                _exec("docker/loadbalancer-1", _GAUGE),
            ),
            _block("drained", "bin/lab up docker --name book", "bin/lab up docker --workers 1 --name book"),
        ),
    ),
    Scene(
        "06",
        "docker",
        (
            _block("one-worker", "bin/lab load docker --base 2 --peak 20 --work 50 --duration 40 --name book"),
            _block(
                "four-workers",
                "bin/lab up docker --workers 4 --name book",
                "bin/lab load docker --base 2 --peak 20 --work 50 --duration 40 --name book",
                "bin/lab up docker --workers 1 --name book",
            ),
            _block(
                "by-itself",
                "bin/lab autoscale docker --max 4 --background --name book",
                "bin/lab load docker --base 2 --peak 20 --work 50 --duration 120 --name book",
                "bin/lab autoscale docker --status --name book",
                "bin/lab timeline docker --since 3m --name book | tail -n 40",
                "bin/lab autoscale docker --stop --name book",
            ),
        ),
        up=("--workers", "1"),
    ),
    Scene(
        "07",
        "docker",
        (
            _block("versions", "bin/lab deploy docker --list --name book"),
            _block(
                "deployed",
                "cp -r app $MINE/app",
                "sed -i 's/This page was made by/Once more: this page was made by/' $MINE/app/templates/page.html",
                "bin/lab deploy docker $MINE/app -m 'Another page' --name book",
                "bin/lab status docker --name book",
            ),
            _block("started-anew", "bin/lab replace docker/worker-1 --name book", "bin/lab status docker --name book"),
            _block("refreshed", "bin/lab refresh docker --name book"),
            _block(
                "no-good",
                "cp -r $MINE/app $MINE/bad",
                "sed -i 's/self._worker}/self._name}/' $MINE/bad/entries.py",
                "bin/lab deploy docker $MINE/bad -m 'Tidied up' --name book",
                Command("bin/lab refresh docker --name book", (1,)),
            ),
        ),
    ),
    *map(_roles, ("docker", "vagrant")),
    Scene(
        "08",
        "docker",
        (
            _block("as-the-roles-say", "bin/lab provision docker --name book"),
            _block(
                "by-hand",
                _exec("docker/store-1", "sh -c 'echo something > /usr/local/bin/night-copy'"),
                "bin/lab provision docker --name book",
            ),
            _block(
                "made-anew",
                "bin/lab destroy docker --yes --name book",
                "bin/lab up docker --name book",
                Command(_exec("docker/store-1", "ls /usr/local/bin/night-copy"), (2,)),
            ),
        ),
    ),
    *map(_memory, ("docker", "vagrant")),
    # It measures containers and machines in turns, as root.
    Scene(
        "09",
        "vagrant",
        (_block("memory-of-one-more", "bin/lab compare show $MINE/memory --name book-memory"),),
        lab="book-memory",
        up=None,
        before=(Command("bin/lab compare --rows memory --out $MINE/memory --name book-memory"),),
    ),
    Scene(
        "10",
        "docker",
        (
            _block(
                "logged-in",
                """curl -s -c $MINE/cookies $URL/login --json '{"user": "ada"}'""",
                "curl -s -b $MINE/cookies $URL/me",
            ),
            _block(
                "who-keeps-it",
                _exec("docker/store-1", f"{_SQL} 'SELECT token_hash, user_name FROM sessions'"),
            ),
            _block(
                "still-logged-in",
                "bin/lab kill docker/worker-1 --name book",
                "bin/lab kill docker/worker-2 --name book",
                "bin/lab up docker --name book",
                "curl -s -b $MINE/cookies $URL/me",
            ),
        ),
    ),
    Scene(
        "11",
        "docker",
        (_block("database-killed", "bin/lab prove run docker --kills 0 --fault database-kill --name book"),),
    ),
    _careless("docker", (0,)),
    # As a rule something is lost; rarely the kernel had just written everything, or the database does not come back.
    _careless("vagrant", _ANY_VERDICT),
    Scene(
        "12",
        "docker",
        (
            _block("nobody-died", _wrote("kept on the only worker"), "curl -s $URL/entries"),
            _block("somebody-died", "bin/lab replace docker/worker-1 --name book-mistake", "curl -s $URL/entries"),
        ),
        lab="book-mistake",
        up=("--workers", "1", "--stateful"),
    ),
)
