package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/go-kit/kit/log"
	"github.com/go-kit/kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
)

// memory takes lines into the same memory again and again.
type memory struct{ line []byte }

func (m *memory) Write(bytes []byte) (int, error) {
	m.line = append(m.line[:0], bytes...)
	return len(bytes), nil
}

// Written by each case, so that nothing is known when it is compiled.
var (
	method, path, peer = "uppercase", "/uppercase", "127.0.0.1:4711"
	status             = 200
	size, took         = 13, 213
	duration           = 0.03
)

// events prints what an event costs, a line each of name, ns, allocations: the peers of `./bench observe`, by its names.
func events(each time.Duration) error {
	testing.Init()
	if err := flag.Set("test.benchtime", each.String()); err != nil {
		return err
	}
	lines()
	counts()
	return nil
}

func lines() {
	text := log.NewLogfmtLogger(log.NewSyncWriter(&memory{}))
	timed := log.With(text, "ts", log.DefaultTimestampUTC)
	json := log.NewJSONLogger(log.NewSyncWriter(&memory{}))
	quiet := level.NewFilter(text, level.AllowInfo())
	event("text/Go kit", func() { six(text) })
	event("text with the time/Go kit", func() { six(timed) })
	event("JSON/Go kit", func() { six(json) })
	event("refused/Go kit", func() { level.Debug(quiet).Log("msg", "not now", "value", took) })
}

func six(logger log.Logger) {
	logger.Log("method", method, "path", path, "status", status, "bytes", size, "peer", peer, "took_us", took)
}

func counts() {
	labels := []string{"method", "status"}
	calls := counter{vec: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total", Help: "Calls"}, labels)}
	times := histogram{vec: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "seconds", Help: "Time"}, labels)}
	bound := calls.With("method", method, "status", "200")
	observed := times.With("method", method, "status", "200")
	event("counter/Go kit", func() { bound.Add(1) })
	event("counter by labels/Go kit", func() { calls.With("method", method, "status", "200").Add(1) })
	contended("counter, two threads/Go kit", func() { bound.Add(1) })
	event("histogram/Go kit", func() { observed.Observe(duration) })
	contended("histogram, two threads/Go kit", func() { observed.Observe(duration) })

	sums := newStatsd()
	stop := sums.send(io.Discard, 100*time.Millisecond)
	sent := sums.counter("calls")
	event("StatsD counter/Go kit", func() { sent.Add(1) })
	stop()
}

func event(name string, call func()) {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			call()
		}
	})
	tell(name, 1, result)
}

// contended has two threads at it, and tells what a call takes each of them.
func contended(name string, call func()) {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				call()
			}
		})
	})
	tell(name, 2, result)
}

func tell(name string, threads float64, result testing.BenchmarkResult) {
	each := float64(result.T.Nanoseconds()) / float64(result.N)
	fmt.Fprintf(os.Stdout, "%s\t%.1f\t%d\n", name, each*threads, result.AllocsPerOp())
}
