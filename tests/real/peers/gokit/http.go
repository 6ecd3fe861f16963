package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

type errorBody struct {
	Error string `json:"error"`
}

func httpHandler() http.Handler {
	mux := http.NewServeMux()
	refuse := httptransport.ServerErrorEncoder(encodeError)
	mux.Handle("/sum", httptransport.NewServer(sumEndpoint, decodeRequest[sumRequest], encodeAnswer, refuse))
	mux.Handle("/concat", httptransport.NewServer(concatEndpoint, decodeRequest[concatRequest], encodeAnswer, refuse))
	return mux
}

func decodeRequest[T any](_ context.Context, r *http.Request) (interface{}, error) {
	var of T
	err := json.NewDecoder(r.Body).Decode(&of)
	return of, err
}

func encodeAnswer(ctx context.Context, w http.ResponseWriter, response interface{}) error {
	if err := response.(endpoint.Failer).Failed(); err != nil {
		encodeError(ctx, err, w)
		return nil
	}
	return httptransport.EncodeJSONResponse(ctx, w, response)
}

// 400 for what the service refuses, 500 for all else.
func encodeError(_ context.Context, err error, w http.ResponseWriter) {
	status := http.StatusInternalServerError
	if err == errTwoZeroes || err == errOverflow || err == errTooLong {
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(errorBody{err.Error()})
}

func httpCalls(addr string) (sum, concat endpoint.Endpoint, err error) {
	at := func(path string, decode httptransport.DecodeResponseFunc) endpoint.Endpoint {
		target := &url.URL{Scheme: "http", Host: addr, Path: path}
		return httptransport.NewClient("POST", target, encodeRequest, decode).Endpoint()
	}
	return at("/sum", decodeAnswer[sumResponse]), at("/concat", decodeAnswer[concatResponse]), nil
}

// As Go kit's example, it does not say that this is JSON.
func encodeRequest(_ context.Context, r *http.Request, of interface{}) error {
	var body bytes.Buffer
	r.Body = io.NopCloser(&body)
	return json.NewEncoder(&body).Encode(of)
}

// What is not 200 is an error of its status and of what Go kit's body says.
func decodeAnswer[T any](_ context.Context, r *http.Response) (interface{}, error) {
	if r.StatusCode != http.StatusOK {
		var body errorBody
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%d: %s", r.StatusCode, body.Error)
	}
	var answer T
	err := json.NewDecoder(r.Body).Decode(&answer)
	return answer, err
}
