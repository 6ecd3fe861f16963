// Go kit's string service, as its example has it, and a client of it: the peers of kit's.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-kit/kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	stack := flag.Bool("stack", false, "with the example's logging and instrumenting middlewares")
	overGRPC := flag.Bool("grpc", false, "over gRPC instead of HTTP")
	count := flag.Int("allocations", 0, "instead of serving, count what so many requests allocate")
	each := flag.Duration("events", 0, "instead of serving, time what a line or an increment costs, each for so long")
	pick := flag.Duration("picks", 0, "instead of serving, time what picking an instance costs, each for so long")
	instances := flag.String("client", "", "instead of serving, call these: HOST:PORT,HOST:PORT")
	threads := flag.Int("callers", 64, "of the client")
	warmup := flag.Duration("warmup", 2*time.Second, "of the client")
	window := flag.Duration("window", 5*time.Second, "of the client")
	flag.Parse()

	var err error
	if *instances != "" && *count > 0 {
		err = callAllocations(*instances, *count)
	} else if *instances != "" {
		err = callers(*instances, *threads, *warmup, *window)
	} else if *pick > 0 {
		err = picks(*pick)
	} else if *each > 0 {
		err = events(*each)
	} else if *count > 0 && *overGRPC {
		svc := service(*stack, io.Discard)
		err = allocations(func(listener net.Listener) error { return serveGRPC(listener, svc) }, callerOverGRPC, *count)
	} else if *count > 0 {
		routes := handler(service(*stack, io.Discard))
		err = allocations(func(listener net.Listener) error { return http.Serve(listener, routes) }, callerOverHTTP, *count)
	} else if *overGRPC {
		var listener net.Listener
		if listener, err = net.Listen("tcp", *addr); err == nil {
			err = serveGRPC(listener, service(*stack, os.Stderr))
		}
	} else {
		err = http.ListenAndServe(*addr, handler(service(*stack, os.Stderr)))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func service(stack bool, lines io.Writer) StringService {
	var svc StringService = stringService{}
	if !stack {
		return svc
	}
	logger := log.NewLogfmtLogger(log.NewSyncWriter(lines))
	svc = loggingMiddleware{log.With(logger, "ts", log.DefaultTimestampUTC), svc}

	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "stringsvc_requests_total", Help: "Calls that have ended.",
	}, []string{"method", "error"})
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "stringsvc_request_duration_seconds", Help: "Time a call took.",
	}, []string{"method", "error"})
	prometheus.MustRegister(requests, latency)
	return instrumentingMiddleware{counter{vec: requests}, histogram{vec: latency}, svc}
}
