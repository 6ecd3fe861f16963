"""gRPC's interop cases, called with grpcio. `client.py HOST:PORT` runs them all and two soaks, and prints a line for each.

What is called and what has to come back is gRPC's doc/interop-test-descriptions.md, case by case.
"""

import queue
import sys
import time

import grpc

import empty_pb2
import messages_pb2 as pb
import test_pb2_grpc

# Far more than any call takes: who is not answered by then has failed.
PATIENCE = 20
SENT = [27182, 8, 1828, 45904]
ASKED = [31415, 9, 2653, 58979]
INITIAL = ("x-grpc-test-echo-initial", "test_initial_metadata_value")
TRAILING = ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab")
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"


class Requests:
    """Requests that are sent when they are there, until it is closed."""

    def __init__(self, *first):
        self.queue = queue.Queue()
        for request in first:
            self.queue.put(request)

    def send(self, request):
        self.queue.put(request)

    def close(self):
        self.queue.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        request = self.queue.get()
        if request is None:
            raise StopIteration
        return request


def zeros(payload, size):
    assert payload.type == pb.COMPRESSABLE, payload.type
    assert payload.body == bytes(size), f"{len(payload.body)} bytes, and not {size} zeros"


def large():
    return pb.SimpleRequest(response_size=314159, payload=pb.Payload(body=bytes(271828)))


def duplex(sent, asked):
    """A request with a payload, for a payload."""
    return pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=asked)], payload=pb.Payload(body=bytes(sent)))


def refused(call, code, details=None):
    """That this ends with the code, and with the text if there is one."""
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} is not {code}: {error.details()}"
        assert details is None or error.details() == details, repr(error.details())
        return
    raise AssertionError(f"it went well, and was to end with {code}")


def empty_unary(stub):
    answer = stub.EmptyCall(empty_pb2.Empty(), timeout=PATIENCE)
    assert answer == empty_pb2.Empty() and answer.ByteSize() == 0


def large_unary(stub):
    zeros(stub.UnaryCall(large(), timeout=PATIENCE).payload, 314159)


def client_streaming(stub):
    requests = [pb.StreamingInputCallRequest(payload=pb.Payload(body=bytes(size))) for size in SENT]
    assert stub.StreamingInputCall(iter(requests), timeout=PATIENCE).aggregated_payload_size == 74922


def server_streaming(stub):
    request = pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=size) for size in ASKED])
    answers = list(stub.StreamingOutputCall(request, timeout=PATIENCE))
    assert len(answers) == len(ASKED), len(answers)
    for answer, size in zip(answers, ASKED):
        zeros(answer.payload, size)


def ping_pong(stub):
    requests = Requests()
    answers = stub.FullDuplexCall(requests, timeout=PATIENCE)
    for sent, asked in zip(SENT, ASKED):
        requests.send(duplex(sent, asked))
        zeros(next(answers).payload, asked)
    requests.close()
    assert not list(answers)
    assert answers.code() == grpc.StatusCode.OK


def empty_stream(stub):
    answers = stub.FullDuplexCall(iter(()), timeout=PATIENCE)
    assert not list(answers)
    assert answers.code() == grpc.StatusCode.OK


def custom_metadata(stub):
    own = (INITIAL, TRAILING)
    answer, call = stub.UnaryCall.with_call(large(), timeout=PATIENCE, metadata=own)
    zeros(answer.payload, 314159)
    streamed = stub.FullDuplexCall(iter([duplex(271828, 314159)]), timeout=PATIENCE, metadata=own)
    (answer,) = list(streamed)
    zeros(answer.payload, 314159)
    for over in (call, streamed):
        ahead, behind = ([tuple(pair) for pair in pairs] for pairs in (over.initial_metadata(), over.trailing_metadata()))
        assert ahead.count(INITIAL) == 1 and behind.count(TRAILING) == 1, (ahead, behind)
        assert TRAILING not in ahead and INITIAL not in behind, (ahead, behind)


def status_code_and_message(stub):
    wanted = pb.EchoStatus(code=2, message="test status message")
    expected = grpc.StatusCode.UNKNOWN, "test status message"
    refused(lambda: stub.UnaryCall(pb.SimpleRequest(response_status=wanted), timeout=PATIENCE), *expected)
    request = pb.StreamingOutputCallRequest(response_status=wanted)
    refused(lambda: list(stub.FullDuplexCall(iter([request]), timeout=PATIENCE)), *expected)


def special_status_message(stub):
    request = pb.SimpleRequest(response_status=pb.EchoStatus(code=2, message=SPECIAL))
    refused(lambda: stub.UnaryCall(request, timeout=PATIENCE), grpc.StatusCode.UNKNOWN, SPECIAL)


def unimplemented_method(stub):
    refused(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=PATIENCE), grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(stub):
    refused(lambda: stub.unimplemented.UnimplementedCall(empty_pb2.Empty(), timeout=PATIENCE), grpc.StatusCode.UNIMPLEMENTED)


def cancel_after_begin(stub):
    requests = Requests()
    call = stub.StreamingInputCall.future(requests, timeout=PATIENCE)
    assert call.cancel() and call.cancelled()
    assert call.code() == grpc.StatusCode.CANCELLED
    requests.close()


def cancel_after_first_response(stub):
    requests = Requests(duplex(SENT[0], ASKED[0]))
    call = stub.FullDuplexCall(requests, timeout=PATIENCE)
    zeros(next(call).payload, ASKED[0])
    call.cancel()
    refused(lambda: next(call), grpc.StatusCode.CANCELLED)
    assert call.code() == grpc.StatusCode.CANCELLED
    requests.close()


def timeout_on_sleeping_server(stub):
    requests = Requests(pb.StreamingOutputCallRequest(payload=pb.Payload(body=bytes(27182))))
    call = stub.FullDuplexCall(requests, timeout=0.001)
    refused(lambda: next(call), grpc.StatusCode.DEADLINE_EXCEEDED)
    requests.close()


# Beside the cases: what the same document says of servers, and no case asks.


def an_unknown_type_of_payload_is_an_invalid_argument(stub):
    request = pb.SimpleRequest(response_type=7, response_size=1)
    refused(lambda: stub.UnaryCall(request, timeout=PATIENCE), grpc.StatusCode.INVALID_ARGUMENT)


def answers_wait_for_their_intervals(stub):
    parameters = [pb.ResponseParameters(size=1, interval_us=100_000) for _ in range(3)]
    begun = time.monotonic()
    answers = stub.StreamingOutputCall(pb.StreamingOutputCallRequest(response_parameters=parameters), timeout=PATIENCE)
    next(answers)
    assert 0.1 <= time.monotonic() - begun
    assert len(list(answers)) == 2 and 0.3 <= time.monotonic() - begun


def after_its_status_a_stream_takes_no_request(stub):
    requests = Requests(duplex(1, 1), pb.StreamingOutputCallRequest(response_status=pb.EchoStatus(code=2, message="over")), duplex(1, 1))
    call = stub.FullDuplexCall(requests, timeout=PATIENCE)
    zeros(next(call).payload, 1)
    refused(lambda: next(call), grpc.StatusCode.UNKNOWN, "over")
    requests.close()


CASES = [
    empty_unary,
    large_unary,
    client_streaming,
    server_streaming,
    ping_pong,
    empty_stream,
    custom_metadata,
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
]
BESIDE = [
    an_unknown_type_of_payload_is_an_invalid_argument,
    answers_wait_for_their_intervals,
    after_its_status_a_stream_takes_no_request,
]
SOAK = 20


def connected(target):
    channel = grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])
    stub = test_pb2_grpc.TestServiceStub(channel)
    stub.unimplemented = test_pb2_grpc.UnimplementedServiceStub(channel)
    return channel, stub


def main(target):
    channel, stub = connected(target)
    with channel:
        for case in CASES + BESIDE:
            case(stub)
            # Whatever a case did to its call, the connection serves on.
            empty_unary(stub)
            print(f"{case.__name__}: ok", flush=True)
        for _ in range(SOAK):
            large_unary(stub)
        print(f"rpc_soak: ok: {SOAK} calls", flush=True)
    for _ in range(SOAK):
        channel, stub = connected(target)
        with channel:
            large_unary(stub)
    print(f"channel_soak: ok: {SOAK} calls", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
