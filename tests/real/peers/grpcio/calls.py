"""Calls pb.Add with grpcio as a service's callers do, and looks at all that comes back. `calls.py HOST:PORT`."""

import sys
import time
from concurrent import futures

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

import add_pb2 as pb
import add_pb2_grpc

# Far more than any call takes: who is not answered by then has failed.
PATIENCE = 20


def refused(call, code):
    """The error that a call is refused with."""
    try:
        answer = call()
        if not hasattr(answer, "DESCRIPTOR"):
            list(answer)
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} is not {code}: {error.details()}"
        return error
    raise AssertionError(f"not refused with {code}")


def details_of(error):
    """The status of google.rpc that came with it, and its details by type."""
    status = rpc_status.from_call(error)
    assert status is not None, "no details"
    assert (status.code, status.message) == (error.code().value[0], error.details()), status
    found = {}
    for detail in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo):
            if detail.Is(kind.DESCRIPTOR):
                found[kind.__name__] = kind()
                detail.Unpack(found[kind.__name__])
    return found


def unary(add):
    assert add.Sum(pb.SumRequest(a=1, b=2), timeout=PATIENCE).v == 3
    assert add.Sum(pb.SumRequest(a=-1, b=0), timeout=PATIENCE).v == -1
    # The default of a field is nothing on the wire: an answer may be an empty message.
    assert add.Sum(pb.SumRequest(a=5, b=-5), timeout=PATIENCE).v == 0
    assert add.Concat(pb.ConcatRequest(a="größ", b="e"), timeout=PATIENCE).v == "größe"
    assert add.Concat(pb.ConcatRequest(), timeout=PATIENCE).v == ""


def errors(add):
    for call, code, text, reason in [
        (lambda: add.Sum(pb.SumRequest(), timeout=PATIENCE), grpc.StatusCode.INVALID_ARGUMENT, "can't sum two zeroes", "two_zeroes"),
        (lambda: add.Sum(pb.SumRequest(a=2**31, b=1), timeout=PATIENCE), grpc.StatusCode.OUT_OF_RANGE, "integer overflow", "int_overflow"),
        (
            lambda: add.Concat(pb.ConcatRequest(a="0123456789", b="0"), timeout=PATIENCE),
            grpc.StatusCode.INVALID_ARGUMENT,
            "result exceeds maximum size",
            "max_size_exceeded",
        ),
        (lambda: add.Series(pb.SeriesRequest(), timeout=PATIENCE), grpc.StatusCode.INVALID_ARGUMENT, "can't sum two zeroes", "two_zeroes"),
    ]:
        error = refused(call, code)
        assert error.details() == text, error.details()
        found = details_of(error)
        info = found["ErrorInfo"]
        assert (info.reason, info.domain) == (reason, "kit"), info
        # It leads to the log.
        assert len(info.metadata["id"]) == 16, info
        assert "RetryInfo" not in found, found


def unknown(channel):
    for path in ("/pb.Add/Multiply", "/pb.Nobody/Sum"):
        call = channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)
        refused(lambda: call(b"", timeout=PATIENCE), grpc.StatusCode.UNIMPLEMENTED)
    garbage = channel.unary_unary("/pb.Add/Sum", request_serializer=bytes, response_deserializer=bytes)
    # gRPC's own table has it so, whoever is to blame.
    refused(lambda: garbage(b"\xff\xff\xff", timeout=PATIENCE), grpc.StatusCode.INTERNAL)
    # Over the limit, and the connection serves on.
    refused(lambda: garbage(bytes(5 * 1024 * 1024), timeout=PATIENCE), grpc.StatusCode.RESOURCE_EXHAUSTED)


def metadata(add):
    own = [("x-request-id", "grpcio-1"), ("x-odd-bin", bytes(range(256))), ("x-empty", "")]
    _, call = add.Sum.with_call(pb.SumRequest(a=1, b=2), timeout=PATIENCE, metadata=own)
    came = dict(call.initial_metadata())
    assert came["x-request-id"] == "grpcio-1", came
    # Also of a call that fails.
    error = refused(lambda: add.Sum(pb.SumRequest(), timeout=PATIENCE, metadata=own), grpc.StatusCode.INVALID_ARGUMENT)
    came = dict(error.initial_metadata()) | dict(error.trailing_metadata())
    assert came["x-request-id"] == "grpcio-1", came


def streams(add):
    sums = [reply.v for reply in add.Series(pb.SeriesRequest(a=1, b=1, count=5), timeout=PATIENCE)]
    assert sums == [2, 3, 5, 8, 13], sums
    # An error in the middle comes after the items before it.
    items = []
    try:
        for reply in add.Series(pb.SeriesRequest(a=1, b=1), timeout=PATIENCE):
            items.append(reply.v)
        raise AssertionError("no end but an error")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.OUT_OF_RANGE, error
        assert details_of(error)["ErrorInfo"].reason == "int_overflow"
    assert items[-1] == 1_836_311_903, items
    # Each when it is made, not all at the end: the first of a stream of 20 seconds is there at once.
    call = add.Series(pb.SeriesRequest(a=1, b=1, count=3, pause_ms=10_000), timeout=PATIENCE)
    begun = time.monotonic()
    assert next(call).v == 2
    assert time.monotonic() - begun < 5
    call.cancel()
    assert call.code() == grpc.StatusCode.CANCELLED


def deadlines(add):
    begun = time.monotonic()
    call = add.Series(pb.SeriesRequest(a=1, b=1, count=3, pause_ms=10_000), timeout=0.5)
    assert next(call).v == 2
    error = refused(lambda: call, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert 0.4 < time.monotonic() - begun < 5, error


def many(add):
    """Calls and streams of one connection, side by side."""
    with futures.ThreadPoolExecutor(max_workers=16) as pool:
        calls = [pool.submit(add.Sum, pb.SumRequest(a=n, b=1), timeout=PATIENCE) for n in range(1, 200)]
        rows = [pool.submit(lambda: list(add.Series(pb.SeriesRequest(a=1, b=1, count=40), timeout=PATIENCE))) for _ in range(20)]
        assert [call.result().v for call in calls] == list(range(2, 201))
        assert all(len(row.result()) == 40 for row in rows)


def compressed(target):
    """Who compresses what it sends is answered, or told that this is not read."""
    with grpc.insecure_channel(target, compression=grpc.Compression.Gzip) as channel:
        text = "z" * 5
        try:
            answer, call = add_pb2_grpc.AddStub(channel).Concat.with_call(pb.ConcatRequest(a=text, b=text), timeout=PATIENCE)
            assert answer.v == text * 2
            return "read"
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
            return "refused"


def main(target):
    with grpc.insecure_channel(target) as channel:
        grpc.channel_ready_future(channel).result(timeout=PATIENCE)
        add = add_pb2_grpc.AddStub(channel)
        unary(add)
        errors(add)
        unknown(channel)
        metadata(add)
        streams(add)
        deadlines(add)
        many(add)
    gzip = compressed(target)
    print(f"grpcio: unary, errors with details, metadata, streams, deadlines, many at once; gzip is {gzip}")


if __name__ == "__main__":
    main(sys.argv[1])
