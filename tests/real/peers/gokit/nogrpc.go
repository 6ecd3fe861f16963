//go:build nogrpc

package main

import (
	"errors"
	"net"

	"github.com/go-kit/kit/endpoint"
)

var errNoGRPC = errors.New("built without gRPC")

func serveGRPC(net.Listener) error { return errNoGRPC }

func grpcCalls(string) (endpoint.Endpoint, endpoint.Endpoint, error) { return nil, nil, errNoGRPC }
