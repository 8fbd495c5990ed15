"""serve the page, the APIs that other software speaks, and Wyoming"""

from __future__ import annotations

import argparse
import os

KEY_VARIABLE = "TACOTRON_API_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--voice",
        dest="voices",
        action="append",
        default=[],
        metavar="NAME|FILE",
        help="serve this voice, and no other that isn't named too; the first is the default "
        "(without it: every voice that `tacotron voices` lists)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default: 127.0.0.1, this machine alone; 0.0.0.0: everyone)",
    )
    parser.add_argument(
        "--port", type=int, default=9000, metavar="N", help="default: 9000; 0 takes a free one"
    )
    parser.add_argument(
        "--wyoming", type=int, metavar="PORT", help="speak Wyoming on this port too (usual: 10200)"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="sentences computed at once (default: the cores)"
    )
    parser.add_argument(
        "--queue", type=int, metavar="N", help="requests that may wait for a worker (default: 64)"
    )
    parser.add_argument(
        "--max-characters", type=int, metavar="N", help="of a request's text (default: 5000)"
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="that a listener may wait in all, with nothing to hear (default: 120)",
    )
    parser.add_argument(
        "--shutdown-limit",
        type=float,
        metavar="SECONDS",
        help="that the end waits for what is being spoken (default: 60)",
    )
    parser.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="ask every request for the key in FILE, or else in the environment variable "
        f"{KEY_VARIABLE}",
    )
    parser.add_argument(
        "--cors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin use the API, such as https://chat.example.org; * is all",
    )
    parser.add_argument(
        "--log-text", action="store_true", help="put what is spoken into the log (default: never)"
    )


def run(args: argparse.Namespace) -> None:
    # As `tacotron say` has it; and here each core computes a sentence of its own.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import logging

    from tacotron.errors import TacotronError
    from tacotron.serve import Settings, serve

    for name, least in (
        ("workers", 1),
        ("queue", 0),
        ("max_characters", 1),
        ("time_limit", 1),
        ("shutdown_limit", 1),
    ):
        value = getattr(args, name)
        if value is not None and not value >= least:
            option = "--" + name.replace("_", "-")
            raise TacotronError(f"{option} {value:g} is too little: give {least} or more.")
    given = {
        "workers": args.workers,
        "queue": args.queue,
        "characters": args.max_characters,
        "seconds": args.time_limit,
        "shutdown_seconds": args.shutdown_limit,
    }
    settings = Settings(
        voices=tuple(args.voices),
        host=args.host,
        port=args.port,
        wyoming_port=args.wyoming,
        api_key=_key(args.api_key_file),
        cors=tuple(args.cors),
        log_text=args.log_text,
        **{name: value for name, value in given.items() if value is not None},
    )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("tacotron").setLevel(logging.INFO)
    serve(settings)


def _key(path: str | None) -> str | None:
    """The key in the file at ``path`` or in the environment; None where there is neither."""
    from tacotron.cli.streams import read_text
    from tacotron.errors import TacotronError

    key = read_text(path) if path is not None else os.environ.get(KEY_VARIABLE)
    if key is None:
        return None
    key = key.strip()
    if not key:
        raise TacotronError("The API key is empty: give one, or none at all.")
    return key
