"""grpc.testing.TestService on grpcio, for clients of any make. `server.py` prints its port, then a line for each call that was cancelled.

What it does is what gRPC's doc/interop-test-descriptions.md says of servers: EmptyCall, UnaryCall, StreamingInputCall,
StreamingOutputCall, FullDuplexCall, Echo Status, Echo Metadata, interval_us. Nothing is compressed, and there are no credentials.
"""

import sys
import time

import grpc

import empty_pb2
import messages_pb2 as pb
import test_pb2_grpc
from serving import say, serve

INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}


def begin(context):
    """Sends the caller's metadata back: one ahead of the messages, one behind them."""
    came = dict(context.invocation_metadata())
    if INITIAL in came:
        context.send_initial_metadata([(INITIAL, came[INITIAL])])
    if TRAILING in came:
        context.set_trailing_metadata([(TRAILING, came[TRAILING])])


def payload(kind, size, context):
    if kind != pb.COMPRESSABLE:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no payloads of this type are made")
    return pb.Payload(type=kind, body=bytes(size))


def status(request, context):
    """Ends the call as the caller wants it to, if it wants that."""
    if request.HasField("response_status") and request.response_status.code != 0:
        context.abort(CODES[request.response_status.code], request.response_status.message)


class TestService(test_pb2_grpc.TestServiceServicer):
    def EmptyCall(self, request, context):
        begin(context)
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        begin(context)
        status(request, context)
        return pb.SimpleResponse(payload=payload(request.response_type, request.response_size, context))

    def StreamingInputCall(self, requests, context):
        begin(context)
        size = 0
        try:
            for request in requests:
                size += len(request.payload.body)
        except grpc.RpcError:
            say("StreamingInputCall", "cancelled")
            raise
        return pb.StreamingInputCallResponse(aggregated_payload_size=size)

    def StreamingOutputCall(self, request, context):
        begin(context)
        yield from self.answers(request, context)

    def FullDuplexCall(self, requests, context):
        begin(context)
        try:
            for request in requests:
                yield from self.answers(request, context)
        except grpc.RpcError:
            say("FullDuplexCall", "cancelled")
            raise

    def answers(self, request, context):
        status(request, context)
        for parameters in request.response_parameters:
            if parameters.interval_us > 0:
                time.sleep(parameters.interval_us / 1e6)
            yield pb.StreamingOutputCallResponse(payload=payload(request.response_type, parameters.size, context))


if __name__ == "__main__":
    sys.exit(serve(test_pb2_grpc.add_TestServiceServicer_to_server, TestService(), 16))
