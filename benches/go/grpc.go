package main

import (
	"context"
	"net"

	grpctransport "github.com/go-kit/kit/transport/grpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// serveGRPC is the same endpoint as the gRPC method stringsvc/uppercase. Both of its messages are a string in field 1, which is what a
// StringValue is: generated code without a generator.
func serveGRPC(listener net.Listener, svc StringService) error {
	uppercase := grpctransport.NewServer(uppercaseEndpoint(svc), decodeText, encodeValue)
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "stringsvc",
		HandlerType: (*interface{})(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "uppercase", Handler: serveUppercase}},
	}, uppercase)
	return server.Serve(listener)
}

// What a generator writes round a method.
func serveUppercase(srv interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	text := new(wrapperspb.StringValue)
	if err := decode(text); err != nil {
		return nil, err
	}
	_, value, err := srv.(grpctransport.Handler).ServeGRPC(ctx, text)
	return value, err
}

func decodeText(_ context.Context, request interface{}) (interface{}, error) {
	return uppercaseRequest{S: request.(*wrapperspb.StringValue).Value}, nil
}

func encodeValue(_ context.Context, response interface{}) (interface{}, error) {
	return &wrapperspb.StringValue{Value: response.(uppercaseResponse).V}, nil
}
