package main

import (
	"context"
	"errors"
	"math"

	"github.com/go-kit/kit/endpoint"
)

var (
	errTwoZeroes = errors.New("can't sum two zeroes")
	errOverflow  = errors.New("integer overflow")
	errTooLong   = errors.New("result exceeds maximum size")
)

const longest = 10

type sumRequest struct{ A, B int }

type sumResponse struct {
	V   int   `json:"v"`
	Err error `json:"-"`
}

type concatRequest struct{ A, B string }

type concatResponse struct {
	V   string `json:"v"`
	Err error  `json:"-"`
}

// An answer may be that the service said no.
func (r sumResponse) Failed() error    { return r.Err }
func (r concatResponse) Failed() error { return r.Err }

var (
	_ endpoint.Failer = sumResponse{}
	_ endpoint.Failer = concatResponse{}
)

func sum(a, b int) (int, error) {
	if a == 0 && b == 0 {
		return 0, errTwoZeroes
	}
	// A sum that wrapped is not on b's side of a.
	if v := a + b; v >= math.MinInt32 && v <= math.MaxInt32 && (b < 0) == (v < a) {
		return v, nil
	}
	return 0, errOverflow
}

func concat(a, b string) (string, error) {
	if len(a)+len(b) > longest {
		return "", errTooLong
	}
	return a + b, nil
}

func sumEndpoint(_ context.Context, request interface{}) (interface{}, error) {
	of := request.(sumRequest)
	v, err := sum(of.A, of.B)
	return sumResponse{V: v, Err: err}, nil
}

func concatEndpoint(_ context.Context, request interface{}) (interface{}, error) {
	of := request.(concatRequest)
	v, err := concat(of.A, of.B)
	return concatResponse{V: v, Err: err}, nil
}
