// Go kit's addsvc and its client, on Go kit's own transports: the peers of examples/addsvc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-kit/kit/endpoint"
)

func main() {
	err := errors.New("usage: gokit serve TRANSPORT… | gokit call [FLAGS] A B")
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		err = serve(os.Args[2:])
	} else if len(os.Args) > 1 && os.Args[1] == "call" {
		err = call(os.Args[2:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve listens once for each of the transports and says where.
func serve(transports []string) error {
	ended := make(chan error, len(transports))
	for _, transport := range transports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		switch transport {
		case "http":
			go func() { ended <- http.Serve(listener, httpHandler()) }()
		case "jsonrpc":
			go func() { ended <- http.Serve(listener, rpcHandler()) }()
		case "grpc":
			go func() { ended <- serveGRPC(listener) }()
		default:
			return fmt.Errorf("no such transport: %s", transport)
		}
		fmt.Println(transport, listener.Addr())
	}
	return <-ended
}

// call makes one call and prints it as addcli does: 1 + 2 = 3, "a" + "b" = "ab".
func call(args []string) error {
	flags := flag.NewFlagSet("call", flag.ContinueOnError)
	transport := flags.String("transport", "http", "http, jsonrpc or grpc")
	addr := flags.String("addr", "", "HOST:PORT")
	path := flags.String("path", "/", "of JSON-RPC")
	name := flags.String("method", "sum", "sum or concat")
	timeout := flags.Duration("timeout", 5*time.Second, "for the call")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var sum, concat endpoint.Endpoint
	var err error
	switch *transport {
	case "http":
		sum, concat, err = httpCalls(*addr)
	case "jsonrpc":
		sum, concat, err = rpcCalls(*addr, *path)
	case "grpc":
		sum, concat, err = grpcCalls(*addr)
	default:
		err = fmt.Errorf("no such transport: %s", *transport)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	a, b := flags.Arg(0), flags.Arg(1)
	if *name == "concat" {
		return concatenated(ctx, concat, a, b)
	}
	return summed(ctx, sum, a, b)
}

func summed(ctx context.Context, sum endpoint.Endpoint, a, b string) error {
	x, err := strconv.Atoi(a)
	if err != nil {
		return err
	}
	y, err := strconv.Atoi(b)
	if err != nil {
		return err
	}
	answer, err := sum(ctx, sumRequest{x, y})
	if err != nil {
		return err
	}
	of := answer.(sumResponse)
	if of.Err != nil {
		return of.Err
	}
	fmt.Printf("%d + %d = %d\n", x, y, of.V)
	return nil
}

func concatenated(ctx context.Context, concat endpoint.Endpoint, a, b string) error {
	answer, err := concat(ctx, concatRequest{a, b})
	if err != nil {
		return err
	}
	of := answer.(concatResponse)
	if of.Err != nil {
		return of.Err
	}
	fmt.Printf("%q + %q = %q\n", a, b, of.V)
	return nil
}
