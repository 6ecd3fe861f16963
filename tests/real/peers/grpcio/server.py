"""A server of pb.Add on grpcio: `server.py` prints its port, then a line for each call that ended.

What it does is chosen by what it is asked, so that a client that knows only pb.Add sees all of it:

    Sum(0, 0)          INVALID_ARGUMENT with an ErrorInfo
    Sum(1, 429)        RESOURCE_EXHAUSTED with a RetryInfo
    Sum(1, 404)        NOT_FOUND without details
    Sum(1, 500)        the handler raises
    Concat("slow", s)  answers after s seconds, unless nobody waits any more
    Series             `count` sums, `pause_ms` apart; a count of 0 is without end
"""

import sys
import threading

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

import add_pb2 as pb
import add_pb2_grpc
from serving import say, serve


def refuse(context, code, message, info):
    detail = any_pb2.Any()
    detail.Pack(info)
    context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=code, message=message, details=[detail])))


def begin(name, context):
    """Sends back what came, at once and at the end; says of each call how it ended."""
    came = {key: value for key, value in context.invocation_metadata()}
    left = context.time_remaining()
    # Without a deadline there are centuries.
    left_ms = -1 if left is None or left > 1e6 else int(left * 1000)
    gone = threading.Event()
    context.add_callback(gone.set)
    echo = [(key, value) for key, value in came.items() if key.startswith("x-")]
    context.send_initial_metadata(echo)
    context.set_trailing_metadata([("x-end", name), ("x-end-bin", bytes(range(256)))])
    say(name, "began", f"agent={came['user-agent'].split('/')[0]}", f"left_ms={left_ms}")
    return gone


class Add(add_pb2_grpc.AddServicer):
    def Sum(self, request, context):
        begin("Sum", context)
        if (request.a, request.b) == (0, 0):
            info = error_details_pb2.ErrorInfo(reason="two_zeroes", domain="peer")
            refuse(context, code_pb2.INVALID_ARGUMENT, "can't sum two zeroes ✓", info)
        if request.b == 429:
            again = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=250_000_000))
            refuse(context, code_pb2.RESOURCE_EXHAUSTED, "later", again)
        if request.b == 404:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such number")
        if request.b == 500:
            raise RuntimeError("on purpose")
        return pb.SumReply(v=request.a + request.b)

    def Concat(self, request, context):
        gone = begin("Concat", context)
        if request.a == "slow":
            cancelled = gone.wait(float(request.b))
            say("Concat", "ended", "cancelled" if cancelled else "waited")
        return pb.ConcatReply(v=request.a + request.b)

    def Series(self, request, context):
        gone = begin("Series", context)
        a, b, made = request.a, request.b, 0
        try:
            while made < request.count or request.count == 0:
                if made > 0 and gone.wait(request.pause_ms / 1000):
                    break
                a, b, made = b, (a + b) % 1_000_000, made + 1
                yield pb.SumReply(v=b)
        finally:
            # Whoever is gone is not heard of again: then this generator is closed where it stands.
            say("Series", "ended", "whole" if made == request.count else "cancelled", made)


if __name__ == "__main__":
    sys.exit(serve(add_pb2_grpc.add_AddServicer_to_server, Add(), 32))
