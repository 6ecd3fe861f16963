package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/log"
	"github.com/go-kit/kit/sd"
	"github.com/go-kit/kit/sd/lb"
	httptransport "github.com/go-kit/kit/transport/http"
)

// balanced is Go kit's client: an endpointer over fixed instances, round robin, three attempts within a second.
func balanced(instances string) endpoint.Endpoint {
	client := httptransport.SetClient(&http.Client{Transport: &http.Transport{
		// Two by default, which would open a connection for nearly every call of 64 callers.
		MaxIdleConnsPerHost: 128, MaxIdleConns: 1024,
	}})
	factory := func(instance string) (endpoint.Endpoint, io.Closer, error) {
		target := &url.URL{Scheme: "http", Host: instance, Path: "/uppercase"}
		return httptransport.NewClient("POST", target, httptransport.EncodeJSONRequest, decodeUppercased, client).Endpoint(), nil, nil
	}
	endpointer := followed(strings.Split(instances, ","), factory)
	return lb.Retry(3, time.Second, lb.NewRoundRobin(endpointer))
}

// followed waits for the set, which comes by a channel.
func followed(instances []string, factory sd.Factory) sd.Endpointer {
	endpointer := sd.NewEndpointer(sd.FixedInstancer(instances), factory, log.NewNopLogger())
	for all, _ := endpointer.Endpoints(); len(all) < len(instances); all, _ = endpointer.Endpoints() {
		time.Sleep(time.Millisecond)
	}
	return endpointer
}

type text struct {
	S string `json:"s"`
}

func decodeUppercased(_ context.Context, r *http.Response) (interface{}, error) {
	var answer uppercaseResponse
	err := json.NewDecoder(r.Body).Decode(&answer)
	return answer, err
}

func hello(call endpoint.Endpoint) error {
	answer, err := call(context.Background(), text{S: "hello"})
	if err != nil {
		return err
	}
	if answer.(uppercaseResponse).V != "HELLO" {
		return errors.New("the wrong answer")
	}
	return nil
}

// calls has callers who call again as soon as they are answered, and prints what the window took: CALLS SECONDS USER SYSTEM.
func callers(instances string, count int, warmup, window time.Duration) error {
	call := balanced(instances)
	var answered uint64
	failed := make(chan error, count)
	for i := 0; i < count; i++ {
		go func() {
			for {
				if err := hello(call); err != nil {
					failed <- err
					return
				}
				atomic.AddUint64(&answered, 1)
			}
		}()
	}
	select {
	case err := <-failed:
		return err
	case <-time.After(warmup):
	}
	before, user, system, err := used(&answered)
	if err != nil {
		return err
	}
	begun := time.Now()
	select {
	case err := <-failed:
		return err
	case <-time.After(window):
	}
	took := time.Since(begun).Seconds()
	after, userAfter, systemAfter, err := used(&answered)
	if err != nil {
		return err
	}
	fmt.Printf("%d %f %f %f\n", after-before, took, userAfter-user, systemAfter-system)
	return nil
}

func used(answered *uint64) (uint64, float64, float64, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	seconds := func(time syscall.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)/1e6 }
	return atomic.LoadUint64(answered), seconds(usage.Utime), seconds(usage.Stime), err
}

// callAllocations prints what a call allocates, one after another, as `ALLOCATIONS BYTES`.
func callAllocations(instances string, count int) error {
	call := balanced(instances)
	for i := 0; i < 100; i++ {
		if err := hello(call); err != nil {
			return err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := 0; i < count; i++ {
		if err := hello(call); err != nil {
			return err
		}
	}
	runtime.ReadMemStats(&after)
	fmt.Printf("%.1f %.0f\n", float64(after.Mallocs-before.Mallocs)/float64(count),
		float64(after.TotalAlloc-before.TotalAlloc)/float64(count))
	return nil
}

// picks prints what picking costs, a line each of name, ns, allocations: the peers of `./bench client`, by its names.
func picks(each time.Duration) error {
	testing.Init()
	if err := flag.Set("test.benchtime", each.String()); err != nil {
		return err
	}
	nothing := func(context.Context, interface{}) (interface{}, error) { return nil, nil }
	var instances []string
	for i := 0; i < 100; i++ {
		instances = append(instances, fmt.Sprintf("10.0.0.%d:80", i))
	}
	factory := func(string) (endpoint.Endpoint, io.Closer, error) { return nothing, nil, nil }
	endpointer := followed(instances, factory)
	robin, random := lb.NewRoundRobin(endpointer), lb.NewRandom(endpointer, 1)
	retry := lb.Retry(3, time.Second, robin)
	pick := func(balancer lb.Balancer) func() {
		return func() {
			if _, err := balancer.Endpoint(); err != nil {
				panic(err)
			}
		}
	}
	event("round robin/Go kit", pick(robin))
	contended("round robin, two threads/Go kit", pick(robin))
	event("random/Go kit", pick(random))
	event("balance and retry/Go kit", func() {
		if _, err := retry(context.Background(), nil); err != nil {
			panic(err)
		}
	})
	return nil
}
