"""Learns what a server offers from its reflection alone, and calls it. `reflect.py HOST:PORT`."""

import sys

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

PATIENCE = 20


def main(target):
    with grpc.insecure_channel(target) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert {"pb.Add", "grpc.health.v1.Health"} <= services, services
        pool = DescriptorPool(database)
        add = pool.FindServiceByName("pb.Add")
        methods = {method.name: method for method in add.methods}
        assert {"Sum", "Concat", "Series"} <= set(methods), methods
        assert methods["Series"].server_streaming and not methods["Sum"].server_streaming
        asked, answered = (message_factory.GetMessageClass(kind) for kind in (methods["Sum"].input_type, methods["Sum"].output_type))
        call = channel.unary_unary(
            "/pb.Add/Sum", request_serializer=asked.SerializeToString, response_deserializer=answered.FromString
        )
        assert call(asked(a=40, b=2), timeout=PATIENCE).v == 42
        # Who is not there is said to be so, and the stream serves on.
        try:
            pool.FindServiceByName("pb.Nobody")
            raise AssertionError("nobody is described")
        except KeyError:
            pass
        pool.FindServiceByName("grpc.health.v1.Health")
    print(f"grpcio-reflection: {len(services)} services, and a call of messages made from what they say")


if __name__ == "__main__":
    main(sys.argv[1])
