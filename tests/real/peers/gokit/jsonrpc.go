package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/transport/http/jsonrpc"
)

// The number of what the service refuses; Go kit's own errors have the specification's.
const refused = -32000

func rpcHandler() http.Handler {
	return jsonrpc.NewServer(jsonrpc.EndpointCodecMap{
		"sum":    {Endpoint: sumEndpoint, Decode: decodeParams[sumRequest], Encode: encodeResult},
		"concat": {Endpoint: concatEndpoint, Decode: decodeParams[concatRequest], Encode: encodeResult},
	})
}

func decodeParams[T any](_ context.Context, params json.RawMessage) (interface{}, error) {
	var of T
	if err := json.Unmarshal(params, &of); err != nil {
		return nil, jsonrpc.Error{Code: jsonrpc.InvalidParamsError, Message: err.Error()}
	}
	return of, nil
}

func encodeResult(_ context.Context, response interface{}) (json.RawMessage, error) {
	if err := response.(endpoint.Failer).Failed(); err != nil {
		return nil, jsonrpc.Error{Code: refused, Message: err.Error()}
	}
	return json.Marshal(response)
}

func rpcCalls(addr, path string) (sum, concat endpoint.Endpoint, err error) {
	target := &url.URL{Scheme: "http", Host: addr, Path: path}
	at := func(name string, decode jsonrpc.DecodeResponseFunc) endpoint.Endpoint {
		return jsonrpc.NewClient(target, name, jsonrpc.ClientResponseDecoder(decode)).Endpoint()
	}
	return at("sum", decodeResult[sumResponse]), at("concat", decodeResult[concatResponse]), nil
}

// Go kit's client does not look whose answer it is: the first call of a client is 0.
func decodeResult[T any](_ context.Context, r jsonrpc.Response) (interface{}, error) {
	if r.Error != nil {
		return nil, fmt.Errorf("%d: %s", r.Error.Code, r.Error.Error())
	}
	if r.ID == nil {
		return nil, errors.New("an answer without an id")
	}
	if id, err := r.ID.Int(); err != nil || id != 0 {
		return nil, fmt.Errorf("the answer of call %v", id)
	}
	var answer T
	err := json.Unmarshal(r.Result, &answer)
	return answer, err
}
