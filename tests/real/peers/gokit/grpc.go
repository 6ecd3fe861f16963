//go:build !nogrpc

package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/go-kit/kit/endpoint"
	grpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The messages of pb.Add, as examples/addsvc has them.
type sumRequestPB struct {
	A int64 `protobuf:"varint,1,opt,name=a,proto3"`
	B int64 `protobuf:"varint,2,opt,name=b,proto3"`
}

type sumReplyPB struct {
	V   int64  `protobuf:"varint,1,opt,name=v,proto3"`
	Err string `protobuf:"bytes,2,opt,name=err,proto3"`
}

type concatRequestPB struct {
	A string `protobuf:"bytes,1,opt,name=a,proto3"`
	B string `protobuf:"bytes,2,opt,name=b,proto3"`
}

type concatReplyPB struct {
	V   string `protobuf:"bytes,1,opt,name=v,proto3"`
	Err string `protobuf:"bytes,2,opt,name=err,proto3"`
}

func (m *sumRequestPB) Reset()            { *m = sumRequestPB{} }
func (m *sumReplyPB) Reset()              { *m = sumReplyPB{} }
func (m *concatRequestPB) Reset()         { *m = concatRequestPB{} }
func (m *concatReplyPB) Reset()           { *m = concatReplyPB{} }
func (m *sumRequestPB) String() string    { return fmt.Sprintf("%d + %d", m.A, m.B) }
func (m *sumReplyPB) String() string      { return fmt.Sprintf("%d %s", m.V, m.Err) }
func (m *concatRequestPB) String() string { return m.A + " " + m.B }
func (m *concatReplyPB) String() string   { return m.V + " " + m.Err }
func (*sumRequestPB) ProtoMessage()       {}
func (*sumReplyPB) ProtoMessage()         {}
func (*concatRequestPB) ProtoMessage()    {}
func (*concatReplyPB) ProtoMessage()      {}

type handlers struct{ sum, concat grpctransport.Handler }

// As Go kit's example: what the service refuses is a text in the reply.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func refusal(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// What came as metadata goes back with the trailers.
type metadataKey struct{}

func takeMetadata(ctx context.Context, md metadata.MD) context.Context {
	return context.WithValue(ctx, metadataKey{}, md)
}

func giveMetadata(ctx context.Context, _ *metadata.MD, trailer *metadata.MD) context.Context {
	md, _ := ctx.Value(metadataKey{}).(metadata.MD)
	*trailer = metadata.Join(*trailer, metadata.MD{"x-came": md.Get("x-gokit")})
	return ctx
}

// serveGRPC returns when it cannot accept any more.
func serveGRPC(listener net.Listener) error {
	before, after := grpctransport.ServerBefore(takeMetadata), grpctransport.ServerAfter(giveMetadata)
	made := handlers{
		sum: grpctransport.NewServer(sumEndpoint, func(_ context.Context, request interface{}) (interface{}, error) {
			of := request.(*sumRequestPB)
			return sumRequest{int(of.A), int(of.B)}, nil
		}, func(_ context.Context, response interface{}) (interface{}, error) {
			answer := response.(sumResponse)
			return &sumReplyPB{int64(answer.V), text(answer.Err)}, nil
		}, before, after),
		concat: grpctransport.NewServer(concatEndpoint, func(_ context.Context, request interface{}) (interface{}, error) {
			of := request.(*concatRequestPB)
			return concatRequest{of.A, of.B}, nil
		}, func(_ context.Context, response interface{}) (interface{}, error) {
			answer := response.(concatResponse)
			return &concatReplyPB{answer.V, text(answer.Err)}, nil
		}, before, after),
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "pb.Add",
		HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{
			method("Sum", func() interface{} { return new(sumRequestPB) }, func(h handlers) grpctransport.Handler { return h.sum }),
			method("Concat", func() interface{} { return new(concatRequestPB) }, func(h handlers) grpctransport.Handler { return h.concat }),
		},
	}, made)
	return server.Serve(listener)
}

func method(name string, request func() interface{}, of func(handlers) grpctransport.Handler) grpc.MethodDesc {
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(srv interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
			message := request()
			if err := decode(message); err != nil {
				return nil, err
			}
			_, answer, err := of(srv.(handlers)).ServeGRPC(ctx, message)
			return answer, err
		},
	}
}

func grpcCalls(addr string) (sum, concat endpoint.Endpoint, err error) {
	connection, err := grpc.Dial(addr, grpc.WithInsecure())
	if err != nil {
		return nil, nil, err
	}
	before := grpctransport.ClientBefore(grpctransport.SetRequestHeader("x-gokit", "here"))
	sum = grpctransport.NewClient(connection, "pb.Add", "Sum", func(_ context.Context, request interface{}) (interface{}, error) {
		of := request.(sumRequest)
		return &sumRequestPB{int64(of.A), int64(of.B)}, nil
	}, func(_ context.Context, reply interface{}) (interface{}, error) {
		answer := reply.(*sumReplyPB)
		return sumResponse{int(answer.V), refusal(answer.Err)}, nil
	}, sumReplyPB{}, before).Endpoint()
	concat = grpctransport.NewClient(connection, "pb.Add", "Concat", func(_ context.Context, request interface{}) (interface{}, error) {
		of := request.(concatRequest)
		return &concatRequestPB{of.A, of.B}, nil
	}, func(_ context.Context, reply interface{}) (interface{}, error) {
		answer := reply.(*concatReplyPB)
		return concatResponse{answer.V, refusal(answer.Err)}, nil
	}, concatReplyPB{}, before).Endpoint()
	return named(sum), named(concat), nil
}

// named says which status an error is of, beside its text.
func named(inner endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request interface{}) (interface{}, error) {
		answer, err := inner(ctx, request)
		if s, is := status.FromError(err); err != nil && is {
			return nil, fmt.Errorf("%s: %s", s.Code(), s.Message())
		}
		return answer, err
	}
}
