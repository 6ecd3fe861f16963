"""Asks grpc.health.v1 with grpcio-health-checking. `health.py HOST:PORT PID`: the process is told to end, and who watches sees it."""

import os
import signal
import sys
import threading

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

PATIENCE = 20
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def main(target, pid):
    with grpc.insecure_channel(target) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        def ask(service):
            return health_pb2.HealthCheckRequest(service=service)

        for service in ("", "pb.Add"):
            assert health.Check(ask(service), timeout=PATIENCE).status == SERVING, service
        try:
            health.Check(ask("pb.Nobody"), timeout=PATIENCE)
            raise AssertionError("nobody is healthy")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error
        nobody = health.Watch(ask("pb.Nobody"), timeout=PATIENCE)
        assert next(nobody).status == SERVICE_UNKNOWN
        nobody.cancel()

        watches = {service: health.Watch(ask(service), timeout=PATIENCE) for service in ("", "pb.Add")}
        for service, watch in watches.items():
            assert next(watch).status == SERVING, service
        os.kill(pid, signal.SIGTERM)
        for service, watch in watches.items():
            assert next(watch).status == NOT_SERVING, service
    print("grpcio-health-checking: serving, unknown, and not serving before the end")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
