"""What the servers on grpcio have in common."""

import threading
from concurrent import futures

import grpc

lock = threading.Lock()


def say(*words):
    """A line for who started it, whole whichever call it is of."""
    with lock:
        print(*words, flush=True)


def serve(add, service, calls):
    """Serves that many calls at once on a free port, which is printed."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=calls))
    add(service, server)
    say("port", server.add_insecure_port("127.0.0.1:0"))
    server.start()
    # Nobody needs it longer; who started it ends it before.
    server.wait_for_termination(timeout=120)
    return 1
